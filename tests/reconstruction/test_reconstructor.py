"""One face after the other, as every caller gets it."""

import pickle

import numpy as np
import pytest
from batches import FACEMESH

from fer3d.reconstruction.facemesh import FaceMesh
from fer3d.reconstruction.landmarks import mesh_landmarks
from fer3d.reconstruction.reconstructor import Reason, Reconstructor, make_reconstructor
from fer3d.toolbox import Toolbox


@pytest.fixture(scope="module")
def reconstructor(assets_dir) -> Reconstructor:
    params = FACEMESH.model_copy(update={"subdivisions": 0})
    return make_reconstructor(params, Toolbox(assets_dir))


def test_landmarks_come_from_the_source_that_is_asked_for(reconstructor, astronaut, points):
    (face,) = reconstructor([astronaut], [points])
    assert np.array_equal(face.landmarks_image[30], face.vertices_image[4, :2])
    mesh = mesh_landmarks(face.vertices_image)
    assert np.allclose(face.mesh_landmarks_image, mesh, atol=1e-4)  # px: before they were rounded


def test_images_may_differ_in_size_and_do_not_disturb_each_other(reconstructor, astronaut, points):
    large = np.repeat(np.repeat(astronaut, 2, 0), 2, 1)
    images, where = [astronaut, large], [points, 2 * points]
    small, twice = reconstructor(images, where)
    (alone,) = reconstructor(images[1:], where[1:])
    assert pickle.dumps(twice) == pickle.dumps(alone)
    assert np.abs(twice.vertices_image / 2 - small.vertices_image)[:, :2].max() < 1
    assert reconstructor([], []) == []


def test_a_face_below_the_least_presence_is_none(reconstructor, points):
    grey = np.full((100, 100, 3), 128, np.uint8)
    (face,) = reconstructor([grey], [points])
    assert face.reason == Reason.NO_FACE and face.presence < 0.5
    assert not face.vertices_image.any() and not face.mesh_landmarks_image.any()


def test_points_without_a_pose_are_a_reason_and_do_not_stop_the_others(
    reconstructor, astronaut, points, monkeypatch
):
    (alone,) = reconstructor([astronaut], [points])
    look = FaceMesh._look_again

    def one_point(self, images, first):
        meshes, *rest = look(self, images, first)
        meshes[0] = meshes[0, :1]
        return meshes, *rest

    monkeypatch.setattr(FaceMesh, "_look_again", one_point)
    bad, good = reconstructor([astronaut, astronaut], [points, points])
    assert bad.reason == Reason.DEGENERATE and not bad.vertices_image.any()
    assert np.array_equal(good.vertices_image, alone.vertices_image)
    (bad,) = reconstructor([astronaut], [points])
    assert bad.reason == Reason.DEGENERATE


def test_an_image_without_points_is_an_error(reconstructor, astronaut, points):
    with pytest.raises(ValueError, match="2 images, got 1"):
        reconstructor([astronaut, astronaut], [points])
