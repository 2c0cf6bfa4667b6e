"""What the tests of inference share: a photo, and an untrained recognizer."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from fer3d import params as parameters
from fer3d.files.images import resize
from fer3d.inference.recognize import Predictor
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.synthetic.draw import sample_action_units, sample_identity
from fer3d.synthetic.model import load_model
from fer3d.synthetic.render import render
from fer3d.synthetic.spec import FaceSpec, Pose, Rendered
from fer3d.toolbox import Toolbox
from fer3d.training.checkpoint import TrainedNetwork, save_trained

CLASSES = ("anger", "happiness", "neutral")
POSES = (Pose(15.0, 20.0, 8.0), Pose(-15.0, -25.0, 0.0))
PLACES = ((10, 20, 256), (270, 60, 160))  # px: left, top, side


@pytest.fixture(scope="session")
def defaults(repository: Path) -> parameters.Params:
    return parameters.load(repository / "params.yaml")


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """A photo (512, 512, 3) of one woman."""
    data = pytest.importorskip("skimage.data")
    return data.astronaut()


@pytest.fixture(scope="session")
def face(astronaut) -> np.ndarray:
    """Her face (256, 256, 3), about 90 px wide."""
    return np.ascontiguousarray(astronaut[:256, 96:352])


@pytest.fixture(scope="session")
def two_faces(face) -> np.ndarray:
    """Her face, and at its right a smaller mirror image of it."""
    canvas = np.full((256, 460, 3), 128, np.uint8)
    canvas[:, :256] = face
    canvas[30:220, 265:455] = resize(np.ascontiguousarray(face[:, ::-1]), 190, 190)
    return canvas


@pytest.fixture(scope="session")
def grey() -> np.ndarray:
    """An image (80, 120, 3) without a face."""
    return np.full((80, 120, 3), 128, np.uint8)


@pytest.fixture(scope="session")
def predictor(tmp_path_factory, defaults, assets_dir: Path) -> Predictor:
    path = tmp_path_factory.mktemp("train") / "model.ckpt"
    torch.manual_seed(0)
    network = FusionNetwork(NetworkConfig(), len(CLASSES)).eval()
    values = defaults.model_dump(mode="json")
    made_by = {name: values[name] for name in ("align", "reconstruct", "relight")}
    save_trained(TrainedNetwork(network, CLASSES, 100, 100, {}, made_by), path)
    return Predictor(path, Toolbox(assets_dir))


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
