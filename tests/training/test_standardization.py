"""Means and spreads of a network's inputs."""

from pathlib import Path

import numpy as np
import torch

from fer3d.files.folders import Folders
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.training.arrays import open_set
from fer3d.training.data import ExpressionData
from fer3d.training.standardization import scale_of, standardize


def test_a_scale_is_that_of_all_parts_together() -> None:
    rows = torch.from_numpy(np.random.default_rng(0).normal(3, 2, (50, 4, 2))).half()
    mean, spread = scale_of(lambda: iter(rows.split(7)))
    assert mean.dtype == spread.dtype == torch.float32
    torch.testing.assert_close(mean, rows.double().mean(dim=0).float())
    torch.testing.assert_close(spread, rows.double().std(dim=0, correction=0).float())


def test_without_rows_it_is_0_and_1() -> None:
    mean, spread = scale_of(lambda: iter([torch.zeros(0, 5)]))
    assert torch.equal(mean, torch.zeros(5)) and torch.equal(spread, torch.ones(5))


def test_branches_are_standardized_by_reconstructed_training_faces(folders: Folders) -> None:
    arrays = open_set(folders, ["vertices", "features"])
    data = ExpressionData(arrays, batch_size=16, seed=0)
    network = FusionNetwork(
        NetworkConfig(base=False, shading=False, landmark=False, vertices=True, features=True),
        len(data.classes),
        vertices=arrays.vertex_count,
        features=arrays.feature_count,
    )
    standardize(network, data.train)
    rows = arrays.rows("train")
    vertices = arrays.vertices[rows].mean(axis=0, dtype=np.float64)
    features = arrays.features[rows].astype(np.float64).mean(axis=(0, 1))
    for branch, mean in (("vertices", vertices), ("features", features)):
        got = network.branches[branch].mean.numpy()
        np.testing.assert_allclose(got, mean, rtol=1e-5, atol=1e-5)


def test_a_set_without_any_face_has_no_scale(make_set, tmp_path: Path) -> None:
    arrays = open_set(make_set(tmp_path, reconstructed=False), ["features"])
    data = ExpressionData(arrays, batch_size=16, seed=0)
    config = NetworkConfig(shading=False, landmark=False, features=True)
    network = FusionNetwork(config, 3, image_size=32, features=arrays.feature_count)
    standardize(network, data.train)
    assert torch.equal(network.branches["features"].spread, torch.ones(arrays.feature_count))
