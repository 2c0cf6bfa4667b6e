"""The attention mesh: windows, sampling, and the refinement on a real face."""

import numpy as np
import plain_windows
import pytest

from fer3d.errors import UserError
from fer3d.geometry.affine import Crop
from fer3d.reconstruction.attention import (
    FEATURES,
    INPUT_SIZE,
    AttentionMesh,
    Branch,
    find_branches,
    read_parts,
)
from fer3d.reconstruction.facemesh import MODEL
from fer3d.reconstruction.litert import LitertNetwork
from fer3d.reconstruction.tflite import cut, open_model
from fer3d.reconstruction.topology import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS, load_topology
from fer3d.reconstruction.windows import sample_windows

LIPS = (61, 0, 291, 17, 13, 14)  # corners, upper and lower lip, their inner sides


@pytest.fixture(scope="module")
def network(assets_dir) -> AttentionMesh:
    return AttentionMesh(assets_dir / MODEL)


@pytest.fixture(scope="module")
def branches(assets_dir) -> list[Branch]:
    return find_branches((assets_dir / MODEL).read_bytes())


def test_branches_draw_lips_and_eyes(branches, assets_dir):
    lips, right, left = branches
    assert set(LIPS) <= set(lips.vertices)
    assert set(RIGHT_EYE_CORNERS) <= set(right.vertices)
    assert set(LEFT_EYE_CORNERS) <= set(left.vertices)
    mirror = load_topology(assets_dir, 0).mirror
    assert set(mirror[right.vertices]) == set(left.vertices)
    assert len({*lips.vertices, *right.vertices, *left.vertices}) == 80 + 71 + 71


def test_a_window_is_level_with_its_part_and_holds_it():
    planar = np.zeros((468, 2))
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    planar[:4] = np.array([[-3, 0], [3, 0], [0, 1], [0, -1.0]]) @ turn.T + [20, 30]
    branch = Branch(np.arange(4), 0, 1, scale=1.5, size=16, features=0, samples=0, points=0, wide=0)
    window = branch.window(planar)
    corners = np.array([[0, 0], [16, 0], [0, 16], [8, 8.0]]) @ window[:, :2].T + window[:, 2]
    expected = np.array([[-4.5, -1.5], [4.5, -1.5], [-4.5, 1.5], [0, 0]])
    assert np.allclose(corners, expected @ turn.T + [20, 30])


def test_samples_of_a_plane_are_its_heights():
    down, across = np.mgrid[:12, :10] + 0.5
    plane = np.stack([2 * across + 3 * down, across], axis=-1).astype(np.float32)
    window = np.array([[0.5, 0.1, 2.0], [-0.1, 0.5, 3.0]])
    (taken,) = sample_windows(plane[None], window[None], 8)
    steps = np.stack(np.meshgrid(np.arange(8) + 0.5, np.arange(8) + 0.5), axis=-1)
    x, y = np.moveaxis(steps @ window[:, :2].T + window[:, 2], -1, 0)
    assert np.allclose(taken, np.stack([2 * x + 3 * y, x], axis=-1), atol=1e-5)


def test_outside_the_features_samples_are_zero():
    window = np.array([[1.0, 0, -2], [0, 1, 0]])
    (taken,) = sample_windows(np.ones((1, 4, 4, 1), np.float32), window[None], 4)
    assert np.array_equal(taken[0, :, 0], [0, 0, 1, 1])


def test_windows_are_sampled_as_without_compiled_code():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(3, 12, 10, 4)).astype(np.float32)
    windows = np.array([[0.6, 0, 2], [0, 0.6, 2]]) + rng.normal(scale=0.3, size=(3, 2, 3))
    taken = sample_windows(features, windows, 9)
    for parts in zip(features, windows, taken, strict=True):
        assert np.array_equal(plain_windows.sample_window(*parts[:2], 9), parts[2])


def test_branches_agree_with_the_trunk_and_leave_the_rest(network, branches, astronaut):
    pixels = Crop(52, 50, 90).sample(astronaut, INPUT_SIZE)[None]
    drawn = network(pixels)
    ((trunk, refined),), (score,) = drawn.meshes, drawn.scores
    redrawn = np.concatenate([branch.vertices for branch in branches])
    rest = np.setdiff1d(np.arange(468), redrawn)
    apart = np.linalg.norm(refined - trunk, axis=1)
    assert score > 3  # a logit: 95 %
    assert (apart[rest] == 0).all() and (refined[:, 2] == trunk[:, 2]).all()
    assert 0.2 < np.median(apart[redrawn]) < 4  # px of 192; more, and a branch is misplaced
    assert apart.max() < 12


@pytest.mark.parametrize("runtime", ["litert", "torch"])
@pytest.mark.parametrize("kind", ["empty", "noise", "cut off", "its first part alone"])
def test_another_file_is_an_error_in_one_line(assets_dir, tmp_path, kind, runtime):
    data = (assets_dir / MODEL).read_bytes()
    graph = open_model(data).Subgraphs(0)
    contents = {
        "empty": b"",
        "noise": np.random.default_rng(0).bytes(1000),
        "cut off": data[: len(data) // 2],
        "its first part alone": cut(data, graph.InputsAsNumpy(), [find_branches(data)[0].features]),
    }
    file = tmp_path / "other.tflite"
    file.write_bytes(contents[kind])
    with pytest.raises(UserError, match=r"other\.tflite is damaged, or not"):
        AttentionMesh(file, runtime)


def test_calls_do_not_depend_on_each_other(network, astronaut):
    pixels = Crop(52, 50, 90).sample(astronaut, INPUT_SIZE)[None]
    first = network(pixels)
    network(np.zeros_like(pixels))
    again = network(pixels)
    assert np.array_equal(again.meshes, first.meshes)
    assert np.array_equal(again.features, first.features)


def test_features_are_the_wide_maps_before_the_last_layers(network, assets_dir, astronaut):
    parts = read_parts(assets_dir / MODEL)
    graph = open_model(parts.data).Subgraphs(0)
    shapes = [
        tuple(graph.Tensors(tensor).ShapeAsNumpy())
        for tensor in (parts.trunk[1][-1], *(branch.wide for branch in parts.branches))
    ]
    assert shapes == [(1, 3, 3, 128), *[(1, 2, 2, 128)] * 3]
    pixels = Crop(52, 50, 90).sample(astronaut, INPUT_SIZE)[None]
    features = network(pixels).features
    assert features.shape == (1, FEATURES) and np.isfinite(features).all()
    (trunk,) = LitertNetwork(parts.data, parts.trunk[0], parts.trunk[1][-1:])([pixels])
    assert np.array_equal(features[:, : 9 * 128], trunk.reshape(1, -1))
