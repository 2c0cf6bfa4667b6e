"""Fixtures for the tests of inference: a photo, and a photo with rendered people."""

from dataclasses import dataclass

import numpy as np
import pytest

from fer3d.files.images import resize
from fer3d.synthetic.draw import sample_action_units, sample_identity
from fer3d.synthetic.model import load_model
from fer3d.synthetic.render import render
from fer3d.synthetic.spec import FaceSpec, Pose, Rendered

POSES = (Pose(15.0, 20.0, 8.0), Pose(-15.0, -25.0, 0.0))
PLACES = ((10, 20, 256), (270, 60, 160))  # px: left, top, side


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """A photo (512, 512, 3) of one woman."""
    data = pytest.importorskip("skimage.data")
    return data.astronaut()


@dataclass(frozen=True)
class Person:
    """A rendered person in ``photo``.

    Attributes:
        rendered: the person, upright.
        pose: of the head.
        left, top, side: px, the square of the photo in which the rendering lies.
    """

    rendered: Rendered
    pose: Pose
    left: int
    top: int
    side: int


@pytest.fixture(scope="session")
def people(assets_dir) -> list[Person]:
    model = load_model(assets_dir)
    rng = np.random.default_rng(7)
    made = []
    for pose, place in zip(POSES, PLACES, strict=True):
        identity = sample_identity(rng)
        units = sample_action_units(rng, "neutral")
        rendered = render(model, FaceSpec(identity, units, pose))
        made.append(Person(rendered, pose, *place))
    return made


@pytest.fixture(scope="session")
def photo(people) -> np.ndarray:
    """Two people, the left one nearer to the camera."""
    canvas = np.full((300, 440, 3), 120, np.uint8)
    for one in people:
        image = resize(one.rendered.image, one.side, one.side)
        canvas[one.top : one.top + one.side, one.left : one.left + one.side] = image
    return canvas
