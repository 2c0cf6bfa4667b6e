"""The network has the variables of the authors, and the results of the graph in TensorFlow."""

import json

import numpy as np
import pytest
import torch

from fer3d.reconstruction.prnet.network import (
    Network,
    from_variables,
    same_padding,
    variable_shapes,
)

TOLERANCE = 1e-4  # relative to the largest position


def positions(network: Network, crop: np.ndarray) -> np.ndarray:
    pixels = torch.from_numpy(crop).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        return network(pixels)[0].permute(1, 2, 0).numpy()


@pytest.fixture(scope="module")
def recorded(reference) -> dict:
    return json.loads(reference.RECORD.read_text(encoding="utf-8"))


def test_variables_are_those_of_the_authors_checkpoint(reference):
    assert variable_shapes() == reference.shapes()


def test_padding_that_does_not_divide_goes_to_the_end():
    assert same_padding(kernel=4, stride=1) == (1, 2)
    assert same_padding(kernel=4, stride=2) == (1, 1)
    assert same_padding(kernel=1, stride=2) == (0, 0)


def test_computes_what_tensorflow_computed(reference, recorded):
    network = from_variables(reference.weights(recorded["weights_seed"]))
    found = positions(network, reference.crop(recorded["crop_seed"]))
    part = reference.recorded_part(found)
    expected = np.reshape(recorded["grid"], part.shape)
    assert np.abs(part - expected).max() < TOLERANCE * np.abs(expected).max()
    mean = found.mean(axis=(0, 1), dtype=np.float64)
    assert mean == pytest.approx(recorded["mean"], rel=TOLERANCE)
    assert np.ptp(expected) > 0.5  # the comparison would not see much of a flat map


@pytest.mark.reference
@pytest.mark.parametrize("seed", [1, 7])
def test_computes_what_tensorflow_computes(reference, tmp_path, seed):
    pytest.importorskip("tensorflow", reason="needs the extra `reference`")
    weights, crop = reference.weights(seed), reference.crop(seed + 1)
    checkpoint = reference.write_checkpoint(tmp_path, weights)
    expected = reference.run(checkpoint, crop / np.float32(255))
    found = positions(from_variables(weights), crop)
    difference = np.abs(found - expected).max() / np.abs(expected).max()
    print(f"relative difference {difference:.1e}")
    assert difference < TOLERANCE


def test_a_variable_of_another_shape_is_refused(reference):
    weights = reference.weights(0)
    weights["resfcn256/Conv/weights"] = np.zeros((3, 3, 3, 16), np.float32)
    with pytest.raises(RuntimeError, match=r"resfcn256\.Conv\.weights"):
        from_variables(weights)
