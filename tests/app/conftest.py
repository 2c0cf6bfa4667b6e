"""A rendered photo of two people, and the recognizer that comes with fer3d."""

from pathlib import Path

import numpy as np
import pytest

from fer3d.app.callbacks import Callbacks
from fer3d.assets.recognizers import find_recognizer
from fer3d.inference.recognize import Prediction, Predictor
from fer3d.interface.pictures import png_url
from fer3d.synthetic.draw import sample_action_units, sample_identity
from fer3d.synthetic.model import load_model
from fer3d.synthetic.render import render
from fer3d.synthetic.spec import FaceSpec, Pose
from fer3d.toolbox import Toolbox


@pytest.fixture(scope="session")
def couple(assets_dir: Path) -> np.ndarray:
    """Two rendered people, (128, 256, 3): a smile turned to the right, and surprise."""
    model, rng = load_model(assets_dir), np.random.default_rng(7)
    people = [
        render(model, FaceSpec(sample_identity(rng), sample_action_units(rng, label), pose)).image
        for pose, label in (
            (Pose(2.0, 12.0, 3.0), "happiness"),
            (Pose(-5.0, -28.0, 0.0), "surprise"),
        )
    ]
    return np.hstack(people)


@pytest.fixture(scope="session")
def boxed(assets_dir: Path) -> Predictor:
    """The recognizer in models/, whose branches have classifiers of their own."""
    return Predictor(find_recognizer("fer2013"), Toolbox(assets_dir))


@pytest.fixture(scope="session")
def found(couple, boxed) -> list[Prediction]:
    return boxed.all_faces(couple)


@pytest.fixture(scope="session")
def callbacks(boxed) -> Callbacks:
    return Callbacks(boxed)


@pytest.fixture(scope="session")
def answered(callbacks, couple) -> dict:
    """What the page gets for the photo."""
    return callbacks.look({"contents": png_url(couple)})
