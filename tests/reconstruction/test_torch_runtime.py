"""The mesh network in PyTorch, against LiteRT, on renderings and on a real face."""

from pathlib import Path

import numpy as np
import pytest
import torch
from batches import FACEMESH, assert_alone_alike, write_batch

from fer3d.files.packed import open_arrays
from fer3d.geometry.affine import whole_crop
from fer3d.machine.settings import Settings
from fer3d.reconstruction.attention import INPUT_SIZE, AttentionMesh
from fer3d.reconstruction.facemesh import MODEL, load_facemesh
from fer3d.reconstruction.reconstruct import producer, reconstruct_dataset
from fer3d.reconstruction.torch_runtime import ROWS
from fer3d.synthetic.draw import sample_spec
from fer3d.synthetic.model import load_model
from fer3d.synthetic.render import render
from fer3d.toolbox import Toolbox

SIZE = 100  # px
GPU = pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU"))
DEVICES = pytest.mark.parametrize("device", ["cpu", GPU])
PARAMS = FACEMESH.model_copy(update={"runtime": "torch"})
APART = 0.05  # px


@pytest.fixture(scope="module")
def images(astronaut, assets_dir: Path) -> np.ndarray:
    """(6, 100, 100, 3) uint8: five renderings and a photo."""
    model = load_model(assets_dir)
    specs = (sample_spec(np.random.default_rng(n), "fear", SIZE, 45.0) for n in range(5))
    return np.stack([*(render(model, spec).image for spec in specs), astronaut])


@pytest.fixture(scope="module")
def unknown(images) -> np.ndarray:
    return np.full((len(images), 5, 2), np.nan)


@pytest.fixture(scope="module")
def crops(images) -> np.ndarray:
    crop = whole_crop((SIZE, SIZE))
    return np.stack([crop.sample(image, INPUT_SIZE) for image in images])


def networks(assets_dir: Path, device: str) -> tuple[AttentionMesh, AttentionMesh]:
    file = assets_dir / MODEL
    return AttentionMesh(file), AttentionMesh(file, "torch", device)


@DEVICES
def test_meshes_of_a_crop_are_those_of_litert(crops, assets_dir, device):
    drawn, other = (network(crops) for network in networks(assets_dir, device))
    assert drawn.scores.min() > 3  # a logit: each is a face
    assert np.abs(drawn.meshes - other.meshes).max() < APART
    assert np.abs(1 / (1 + np.exp(-drawn.scores)) - 1 / (1 + np.exp(-other.scores))).max() < 1e-3
    assert np.abs(drawn.features - other.features).max() < 0.01 * np.abs(drawn.features).max()


@DEVICES
def test_faces_of_all_passes_are_those_of_litert(images, unknown, assets_dir, device):
    file = assets_dir / MODEL
    found, others = (
        load_facemesh(file, 5, runtime, device)(list(images), unknown)
        for runtime in ("litert", "torch")
    )
    for one, other in zip(found, others, strict=True):
        assert np.abs(one.vertices - other.vertices).max() < APART
        assert abs(one.presence - other.presence) < 1e-3


@DEVICES
def test_the_place_in_a_batch_does_not_change_a_byte(crops, assets_dir, device):
    """Nor do other crops, nor an unfilled batch."""
    _, network = networks(assets_dir, device)
    rows = ROWS[device]
    face, others = crops[-1:], np.resize(crops[:-1], (rows, *crops.shape[1:]))
    alone = network(face)
    for place in {0, 1, rows // 2, rows - 1, rows}:
        drawn = network(np.insert(others, place, face, axis=0))
        for name in ("meshes", "scores", "features"):
            assert getattr(drawn, name)[place].tobytes() == getattr(alone, name)[0].tobytes()


def test_the_stage_runs_with_it(images, unknown, assets_dir, tmp_path):
    batch = {"images": images, "points": unknown.astype(np.float32)}
    toolbox = Toolbox(assets_dir, settings=Settings(workers=1, device="cpu", store="none"))
    write_batch(tmp_path / "in", batch)
    metrics = reconstruct_dataset(tmp_path / "in", tmp_path / "out", PARAMS, toolbox)
    assert metrics["reconstructed"] == metrics["images"] == len(images)
    result = dict(open_arrays(tmp_path / "out"))
    plain = producer(FACEMESH, toolbox).compute(batch)
    apart = np.abs(result["vertices_image"] - plain["vertices_image"])
    assert 0 < apart.max() < APART
    assert_alone_alike(producer(PARAMS, toolbox), batch, result, (5, 2))


def test_a_result_is_stored_under_its_runtime(assets_dir):
    first, second = (producer(params, Toolbox(assets_dir)) for params in (FACEMESH, PARAMS))
    assert first.identity() != second.identity()
    assert "litert" in first.libraries and "torch" in second.libraries
