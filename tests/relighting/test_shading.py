"""Lambertian shading and the frontal picture."""

import numpy as np
import pytest

from fer3d.geometry.frames import rotation_from_pose
from fer3d.reconstruction.recentralize import fit_similarity
from fer3d.reconstruction.subdivision import Subdivision
from fer3d.reconstruction.topology import LANDMARKS_68, load_topology
from fer3d.relighting.params import RelightParams
from fer3d.relighting.relighter import visible_normals
from fer3d.relighting.shading import ShadingImage, lambert, shade, to_picture

FRONT = np.array([0.0, 0.0, 1.0])
PARAMS = RelightParams(neighbours=10, light=(0.0, 0.0, 1.0), size=100)


def relit(surface: Subdivision, face: np.ndarray, visible=None, light=FRONT) -> ShadingImage:
    points = surface(face)
    visible = np.ones(len(points), bool) if visible is None else visible
    normals = visible_normals(points, visible, PARAMS)
    return shade(points, surface.triangles, normals, visible, light=light, size=100)


def test_light_at_60_degrees_gives_one_half():
    light = np.array([np.sin(np.radians(60)), 0, np.cos(np.radians(60))])
    assert np.isclose(lambert(FRONT, light), 0.5)


def test_the_length_of_the_light_does_not_matter_and_no_light_is_negative():
    assert np.isclose(lambert(FRONT, np.array([0, 0, 7.0])), 1)
    assert lambert(np.stack([FRONT, -FRONT]), FRONT).tolist() == [1, 0]


@pytest.mark.parametrize("light", [[0, 0, 0], [0, 1], [0, 0, np.nan]])
def test_a_light_without_direction_is_refused(light):
    with pytest.raises(ValueError, match="a direction of three numbers"):
        lambert(FRONT, np.array(light))


def test_the_picture_shows_the_face_upright():
    chin, brow, own_left = to_picture(np.array([[0, -9, 4], [0, 4, 6], [7, 0, 0.0]]), 100)
    assert chin[1] > brow[1]
    assert own_left[0] > 50
    assert brow[2] < chin[2]  # nearer to the viewer


def test_the_reference_face_fills_the_picture(assets_dir):
    topology = load_topology(assets_dir, 2)
    image = relit(topology.dense, topology.reference)
    rows, columns = np.flatnonzero(image.mask.any(axis=1)), np.flatnonzero(image.mask.any(axis=0))
    assert 0 < rows[0] <= 8 and 85 <= rows[-1] < 99
    assert 0 < columns[0] <= 15 and 85 <= columns[-1] < 99
    for row in rows:  # one run of pixels in every row: no holes
        assert np.ptp(np.flatnonzero(image.mask[row])) + 1 == image.mask[row].sum()


def test_light_from_one_side_brightens_that_side(assets_dir):
    topology = load_topology(assets_dir, 2)
    light = np.array([1.0, 0.0, 1.0])  # from the subject's left: the right of the picture
    image = relit(topology.dense, topology.reference, light=light)
    assert image.shading[:, 60:].sum() > 1.5 * image.shading[:, :40].sum()


def test_hidden_parts_are_black_and_not_in_the_mask(assets_dir):
    topology = load_topology(assets_dir, 2)
    points = topology.dense(topology.reference)
    image = relit(topology.dense, topology.reference, points[:, 0] < 0)
    assert not image.mask[:, 51:].any()
    assert image.mask[:, :49].sum() > 2000
    assert not image.shading[~image.mask].any()


def test_a_face_without_visible_points_is_black(assets_dir):
    topology = load_topology(assets_dir, 2)
    image = relit(topology.dense, topology.reference, np.zeros(7257, bool))
    assert not image.mask.any() and not image.shading.any()


def test_turning_head_and_camera_together_leaves_the_shading_unchanged(assets_dir):
    topology = load_topology(assets_dir, 2)
    rng = np.random.default_rng(0)
    face = topology.reference + rng.normal(scale=0.2, size=(468, 3))
    pictures = []
    for pose in ([0, 0, 0], [15, -50, 30]):
        image = face @ rotation_from_pose(np.array(pose, float)) * 4 + [50, 60, 7]
        back = fit_similarity(image[LANDMARKS_68], topology.reference[LANDMARKS_68])
        pictures.append(relit(topology.dense, back(image)))
    difference = np.abs(np.subtract(*(p.shading.astype(int) for p in pictures)))
    assert np.mean(difference <= 1) > 0.999  # rounding may swap neighbours of equal distance
