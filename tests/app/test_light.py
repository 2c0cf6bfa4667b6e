"""Faces under another light."""

import numpy as np
import pytest

from fer3d.app.faces import SeenFace, seen_faces
from fer3d.app.light import light_direction, relit, surface_points


@pytest.fixture(scope="module")
def smile(boxed, found) -> SeenFace:
    return seen_faces(found, boxed)[0]


def test_directions_are_those_of_the_face_frame() -> None:
    assert light_direction(0, 0) == pytest.approx((0, 0, 1))
    assert light_direction(90, 0) == pytest.approx((1, 0, 0))
    assert light_direction(0, -90) == pytest.approx((0, -1, 0))
    assert np.linalg.norm(light_direction(33, 21)) == pytest.approx(1)


def test_light_from_the_front_gives_the_shading_image_of_the_network(boxed, found, smile) -> None:
    got = relit(smile, light_direction(0, 0), boxed.relighter, size=100)
    assert np.array_equal(got.shading, found[0].relit.shading)


def test_the_side_that_the_light_comes_from_is_brighter(boxed, smile) -> None:
    for azimuth in (-60, 60):
        got = relit(smile, light_direction(azimuth, 0), boxed.relighter)
        left, right = np.array_split(got.shading.astype(float), 2, axis=1)
        assert np.sign(right.mean() - left.mean()) == np.sign(azimuth)
        x = surface_points(smile, boxed.relighter)[:, 0]
        bright = got.intensities.astype(float)
        assert np.sign(bright[x > 2].mean() - bright[x < -2].mean()) == np.sign(azimuth)


def test_hidden_points_have_an_intensity_but_no_pixels(boxed, found, smile) -> None:
    hidden = ~found[0].face.reconstruction.visible
    got = relit(smile, light_direction(0, 0), boxed.relighter)
    assert hidden.any() and got.intensities[hidden].mean() > 0
    assert got.shading.shape == (320, 320) and (got.shading == 0).any()
