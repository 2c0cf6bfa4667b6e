"""From faces to shading images."""

import numpy as np
import pytest
from batches import FACEMESH, assert_alone_alike, write_batch

from fer3d.files.packed import open_arrays, read_manifest
from fer3d.reconstruction.surfaces import MeshSurface
from fer3d.reconstruction.topology import load_topology
from fer3d.relighting.params import RelightParams
from fer3d.relighting.relight import relight_dataset, subdivisions_of, surface_producer
from fer3d.toolbox import Toolbox

PARAMS = RelightParams(neighbours=10, light=(0.0, 0.0, 1.0), size=100)


@pytest.fixture(scope="module")
def batch(assets_dir) -> dict[str, np.ndarray]:
    """The reference face, half of it, another shape of it, and no face."""
    reference = load_topology(assets_dir, 2).reference
    bump = np.random.default_rng(0).normal(scale=0.1, size=reference.shape)
    faces = np.stack([reference, reference, reference + bump, 0 * reference])
    dense = load_topology(assets_dir, 2).dense(faces)
    visible = np.stack([dense[0, :, 0] < 99, dense[1, :, 0] < 0, dense[2, :, 0] < 99])
    bits = np.packbits(np.concatenate([visible, np.zeros((1, 7257), bool)]), axis=1)
    return {"vertices_face": faces.astype(np.float32), "visible": bits}


@pytest.fixture(scope="module")
def result(batch, assets_dir) -> dict[str, np.ndarray]:
    return surface_producer(MeshSurface(assets_dir, 2), PARAMS).compute(batch)


def test_the_size_of_the_batch_does_not_change_a_byte(batch, result, assets_dir):
    producer = surface_producer(MeshSurface(assets_dir, 2), PARAMS)
    assert_alone_alike(producer, batch, result, (3, 1, 0, 2))


def test_open3d_gives_the_same_shading_images(batch, result, assets_dir):
    params = PARAMS.model_copy(update={"normals": "open3d"})
    by_open3d = surface_producer(MeshSurface(assets_dir, 2), params).compute(batch)
    for name in ("mask", "visible_fraction"):
        assert np.array_equal(by_open3d[name], result[name]), name
    # neighbours of equal distance, on a face of exact symmetry, may be taken in another order
    apart = np.abs(by_open3d["shading"].astype(int) - result["shading"])
    assert np.mean(apart == 0) > 0.999 and not apart[2].any()


def test_pictures_have_one_size_and_hidden_parts_are_black(result):
    assert result["shading"].shape == result["mask"].shape == (4, 100, 100)
    assert result["shading"].dtype == np.uint8 and result["mask"].dtype == bool
    assert not result["shading"][~result["mask"]].any()
    assert result["mask"][1, :, 51:].sum() == 0


def test_a_row_without_a_face_is_zero(result):
    assert not any(values[3].any() for values in result.values())


def test_visible_fraction_is_the_share_of_visible_points(result):
    assert result["visible_fraction"][0] == 1
    assert 0.4 < result["visible_fraction"][1] < 0.5  # the points in the middle are left out too


def test_a_real_face_is_relit_alike_in_every_batch(astronaut, assets_dir):
    from fer3d.reconstruction.reconstruct import producer as reconstruct

    images = {
        "images": np.stack([astronaut, astronaut[:, ::-1]]),
        "points": np.full((2, 5, 2), np.nan, np.float32),
    }
    faces = reconstruct(FACEMESH, Toolbox(assets_dir)).compute(images)
    compute = surface_producer(MeshSurface(assets_dir, 2), PARAMS).compute
    both = compute({name: faces[name] for name in ("vertices_face", "visible")})
    alone = compute({name: faces[name][1:] for name in ("vertices_face", "visible")})
    assert both["shading"][1].tobytes() == alone["shading"][0].tobytes()
    assert both["mask"].mean() > 0.4
    mirrored = both["shading"][1, :, ::-1].astype(int)
    assert np.median(np.abs(mirrored - both["shading"][0])[both["mask"][0]]) < 15


def test_a_light_without_direction_is_refused_before_anything_runs(assets_dir):
    dark = PARAMS.model_copy(update={"light": (0.0, 0.0, 0.0)})
    with pytest.raises(ValueError, match="direction"):
        surface_producer(MeshSurface(assets_dir, 2), dark)


def test_the_dense_surface_is_told_from_its_points(assets_dir):
    assert subdivisions_of(59, assets_dir) == 0  # 468 points
    assert subdivisions_of(908, assets_dir) == 2  # 7,257
    with pytest.raises(ValueError, match="fills 100 bytes"):
        subdivisions_of(100, assets_dir)


def test_a_data_set_keeps_every_row(batch, result, assets_dir, tmp_path):
    write_batch(tmp_path / "in", batch, reconstructed=[True, True, True, False])
    metrics = relight_dataset(tmp_path / "in", tmp_path / "out", PARAMS, Toolbox(assets_dir))
    fractions = result["visible_fraction"]
    assert metrics == {
        "images": 4,
        "visible_fraction": pytest.approx(float(fractions[:3].mean()), abs=1e-4),
    }
    assert np.array_equal(read_manifest(tmp_path / "out")["visible_fraction"], fractions)
    for name, values in open_arrays(tmp_path / "out").items():
        assert np.array_equal(values, result[name]), name
