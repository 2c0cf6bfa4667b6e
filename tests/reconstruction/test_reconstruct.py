"""From images to frontal faces, with real networks."""

import numpy as np
import pytest
from batches import FACEMESH, assert_alone_alike, write_batch
from pydantic import ValidationError

from fer3d.files.packed import open_arrays, read_manifest
from fer3d.geometry.frames import pose_from_rotation
from fer3d.machine.settings import Settings
from fer3d.reconstruction.attention import FEATURES
from fer3d.reconstruction.params import ReconstructParams
from fer3d.reconstruction.reconstruct import producer, reconstruct_dataset
from fer3d.reconstruction.reconstructor import Reason
from fer3d.reconstruction.topology import load_topology
from fer3d.toolbox import Toolbox

PARAMS = FACEMESH.model_copy(update={"landmarks": "dlib"})


@pytest.fixture(scope="module")
def batch(astronaut, points) -> dict[str, np.ndarray]:
    """The face as found, the face not found, its mirror image, and noise."""
    noise = np.random.default_rng(0).integers(0, 255, astronaut.shape, dtype=np.uint8)
    all_points = np.full((4, 5, 2), np.nan)
    all_points[0] = points
    return {
        "images": np.stack([astronaut, astronaut, astronaut[:, ::-1], noise]),
        "points": all_points.astype(np.float32),
    }


@pytest.fixture(scope="module")
def result(batch, assets_dir) -> dict[str, np.ndarray]:
    return producer(PARAMS, Toolbox(assets_dir)).compute(batch)


def test_results_have_the_declared_shapes(result, assets_dir):
    outputs = producer(PARAMS, Toolbox(assets_dir)).outputs
    assert {k: (v.shape[1:], v.dtype.name) for k, v in result.items()} == {
        k: (spec.shape, spec.dtype) for k, spec in outputs.items()
    }


def test_the_size_of_the_batch_does_not_change_a_byte(batch, result, assets_dir):
    assert_alone_alike(producer(PARAMS, Toolbox(assets_dir)), batch, result, (3, 1, 0, 2))


def test_the_face_is_turned_to_the_reference_face(result, assets_dir):
    reference = load_topology(assets_dir, 0).reference
    distance = np.linalg.norm(result["vertices_face"][:3] - reference, axis=-1)
    assert distance.mean() < 1.2  # cm: another person, another expression
    assert np.allclose(result["vertices_face"][0, 4, 0], 0, atol=0.5)


def test_pose_is_that_of_the_rotation(result):
    assert np.allclose(np.linalg.det(result["rotation"][:3]), 1, atol=1e-5)
    assert np.allclose(pose_from_rotation(result["rotation"][:3]), result["pose"][:3], atol=1e-2)
    assert np.abs(result["pose"][:3]).max() < 15  # she looks into the camera


def test_most_of_a_frontal_face_is_visible(result):
    visible = np.unpackbits(result["visible"], axis=1, count=7257)
    assert visible[:3].mean() > 0.9


def test_where_there_is_no_face_there_are_zeros_and_a_reason(result):
    assert list(Reason)[result["reason"][3]] == Reason.NO_FACE
    for name, values in result.items():
        if name not in ("presence", "reason"):
            assert not values[3].any(), name
    assert not result["reason"][:3].any()


def test_features_are_kept_where_they_are_asked_for(batch, result, assets_dir):
    asked = producer(PARAMS.model_copy(update={"features": True}), Toolbox(assets_dir))
    found = asked.compute(batch)
    assert set(found) - set(result) == {"features"}
    assert found["features"].dtype == np.float16 and found["features"].shape[1:] == (2, FEATURES)
    assert all(np.array_equal(found[name], values) for name, values in result.items())
    assert found["features"][:3].std(axis=-1).min() > 0.1 and not found["features"][3].any()


def test_features_of_another_backend_are_refused():
    values = PARAMS.model_dump() | {"backend": "prnet", "landmarks": "prnet", "features": True}
    with pytest.raises(ValidationError, match="features need backend facemesh, got prnet"):
        ReconstructParams.model_validate(values)


def test_what_the_key_of_a_result_depends_on(assets_dir):
    other = PARAMS.model_copy(update={"landmarks": "facemesh"})
    first, second = producer(PARAMS, Toolbox(assets_dir)), producer(other, Toolbox(assets_dir))
    assert first.identity() != second.identity()
    assert set(first.models) - set(second.models) == {"shape_predictor_68_face_landmarks.dat"}
    kept = producer(PARAMS.model_copy(update={"features": True}), Toolbox(assets_dir))
    assert kept.identity() != first.identity() and kept.parameters == first.parameters


def test_a_data_set_keeps_every_row(batch, result, assets_dir, tmp_path):
    write_batch(tmp_path / "in", batch)
    settings = Settings(workers=1, store=str(tmp_path / "store"))
    toolbox = Toolbox(assets_dir, settings=settings)
    metrics = reconstruct_dataset(tmp_path / "in", tmp_path / "out", PARAMS, toolbox)
    assert metrics["images"] == 4
    assert metrics["reconstructed"] == 3
    assert metrics["reconstructed_fraction"] == 0.75
    assert metrics["not_reconstructed_by_reason"] == {"no_face": 1}
    rows = read_manifest(tmp_path / "out")
    assert rows["reason"].tolist() == ["", "", "", "no_face"]
    assert rows["reconstructed"].tolist() == [True, True, True, False]
    assert np.array_equal(rows["yaw"].to_numpy(), result["pose"][:, 1])
    for name, values in open_arrays(tmp_path / "out").items():
        assert np.array_equal(values, result[name]), name
