"""Photos, and an untrained recognizer."""

from pathlib import Path

import numpy as np
import pytest
import torch

from fer3d import params as parameters
from fer3d.files.images import resize
from fer3d.inference.recognize import Predictor
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.toolbox import Toolbox
from fer3d.training.checkpoint import TrainedNetwork, save_trained

CLASSES = ("anger", "happiness", "neutral")


@pytest.fixture(scope="session")
def defaults(repository: Path) -> parameters.Params:
    return parameters.load(repository / "params.yaml")


@pytest.fixture(scope="session")
def face() -> np.ndarray:
    """The face (256, 256, 3) of a woman (NASA, public domain), about 90 px wide."""
    data = pytest.importorskip("skimage.data")
    return np.ascontiguousarray(data.astronaut()[:256, 96:352])


@pytest.fixture(scope="session")
def two_faces(face) -> np.ndarray:
    """That face, and at its right a smaller mirror image of it."""
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
    path = tmp_path_factory.mktemp("train") / "model.safetensors"
    torch.manual_seed(0)
    network = FusionNetwork(NetworkConfig(), len(CLASSES)).eval()
    values = defaults.model_dump(mode="json")
    made_by = {name: values[name] for name in ("align", "reconstruct", "relight")}
    save_trained(TrainedNetwork(network, CLASSES, 100, 100, {}, made_by), path)
    return Predictor(path, Toolbox(assets_dir))
