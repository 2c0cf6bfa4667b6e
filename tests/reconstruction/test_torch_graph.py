"""Layers from a network file: what the file says, what is not known."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from fer3d.errors import UserError
from fer3d.reconstruction.attention import find_branches
from fer3d.reconstruction.facemesh import MODEL
from fer3d.reconstruction.litert import LitertNetwork
from fer3d.reconstruction.tflite import open_model
from fer3d.reconstruction.torch_graph import GraphNetwork, Reshape, same_padding


@pytest.fixture(scope="module")
def file(assets_dir: Path) -> bytes:
    return (assets_dir / MODEL).read_bytes()


def test_branches_give_what_litert_gives(file):
    branches = find_branches(file)
    samples, points = zip(*((b.samples, b.points) for b in branches), strict=True)
    inputs = [
        np.random.default_rng(n).normal(size=(3, 16, 16, 32)).astype(np.float32) for n in range(3)
    ]
    network = GraphNetwork(file, samples, points)
    found = network(*map(torch.from_numpy, inputs))
    expected = LitertNetwork(file, samples, points)(inputs)
    assert [len(b.vertices) for b in branches] == [values.shape[1] for values in found]
    for one, other in zip(found, expected, strict=True):
        assert other.std() > 1 and np.abs(one.numpy() - other).max() < 1e-3
    assert not any(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    [
        (192, 3, 2, (0, 1)),
        (96, 3, 1, (1, 1)),
        (97, 3, 2, (1, 1)),
        (3, 3, 3, (0, 0)),
        (5, 1, 2, (0, 0)),
    ],
)
def test_an_odd_pixel_of_padding_is_added_at_the_end(size, kernel, stride, expected):
    assert same_padding(size, kernel, stride) == expected
    padded = functional.pad(torch.zeros(1, 1, size), expected)
    ones = torch.ones(1, 1, kernel)
    assert functional.conv1d(padded, ones, stride=stride).shape[-1] == -(-size // stride)


def test_elements_are_counted_with_channels_as_the_last_axis():
    image = torch.arange(24).reshape(1, 2, 3, 4)  # (N, H, W, C)
    assert torch.equal(Reshape([6, 4])(image.permute(0, 3, 1, 2)), image.reshape(1, 6, 4))


def test_the_layers_are_those_of_the_field(file):
    branches = find_branches(file)
    network = GraphNetwork(file, [branches[0].samples], [branches[0].points])
    kinds = [type(layer) for layer in network.modules()]
    assert {nn.Conv2d, nn.PReLU, nn.MaxPool2d, nn.ZeroPad2d} < set(kinds)


def test_an_operator_that_is_not_known_is_named(file):
    """The whole file has operators that place windows, which are implemented elsewhere."""
    graph = open_model(file).Subgraphs(0)
    ends = graph.InputsAsNumpy().tolist(), graph.OutputsAsNumpy().tolist()
    with pytest.raises(UserError, match=r"^operator MUL is not known, expected ADD, CONV_2D"):
        GraphNetwork(file, *ends)
