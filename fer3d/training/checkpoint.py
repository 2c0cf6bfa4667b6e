"""A trained recognizer as one file: weights, and everything needed to use them."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from fer3d.errors import UserError
from fer3d.files.atomic import write_bytes
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.training.rounded import Rounding, restored, rounded

FORMAT = 3  # increased when the file format changes
ABOUT = "fer3d"  # key of the metadata, JSON: everything but the weights


@dataclass(frozen=True)
class TrainedNetwork:
    """A network in evaluation mode, and the meaning of its inputs and outputs.

    Attributes:
        network: see ``FusionNetwork.forward``.
        classes: the expressions, in the order of the network's outputs.
        image_size: side of an aligned image, px.
        shading_size: side of a shading image, px.
        training: parameters of the training.
        preprocessing: parameters of the preprocessing stages, by stage.
        vertices: number of vertices per face if the network uses them, else 0.
        features: number of features per photo, likewise.
    """

    network: FusionNetwork
    classes: tuple[str, ...]
    image_size: int
    shading_size: int
    training: Mapping[str, Any]
    preprocessing: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    vertices: int = 0
    features: int = 0


def save_trained(trained: TrainedNetwork, path: Path, *, rounding: Rounding = "float32") -> None:
    """Write a recognizer as a safetensors file, in one atomic step.

    Equal recognizers give equal bytes.

    Args:
        trained: the recognizer.
        path: file to write.
        rounding: of the weights, see ``rounded``. They are float32 again when they are read.
    """
    about = {
        "format": FORMAT,
        "network": asdict(trained.network.config),
        "classes": list(trained.classes),
        "image_size": trained.image_size,
        "shading_size": trained.shading_size,
        "training": dict(trained.training),
        "preprocessing": {name: dict(part) for name, part in trained.preprocessing.items()},
        "vertices": trained.vertices,
        "features": trained.features,
    }
    state = {name: _plain(values) for name, values in trained.network.state_dict().items()}
    write_bytes(path, save(rounded(state, rounding), {ABOUT: json.dumps(about)}))


def load_trained(path: Path, device: str | torch.device = "cpu") -> TrainedNetwork:
    """Read a recognizer; nothing in the file is executed.

    Raises:
        UserError: the file is missing, damaged, or not a recognizer of this version.
    """
    about, state = _read(path, device)
    try:
        config = NetworkConfig(**about["network"])
    except TypeError as error:  # a parameter of another version
        raise UserError(f"{path} was made by another version of fer3d ({error})") from None
    network = FusionNetwork(
        config,
        len(about["classes"]),
        image_size=about["image_size"],
        shading_size=about["shading_size"],
        vertices=about["vertices"],
        features=about["features"],
    )
    try:
        network.load_state_dict(restored(state))
    except RuntimeError:
        raise UserError(f"{path} is damaged: its weights do not fit its network") from None
    return TrainedNetwork(
        network.to(device).eval(),
        tuple(about["classes"]),
        about["image_size"],
        about["shading_size"],
        about["training"],
        about["preprocessing"],
        about["vertices"],
        about["features"],
    )


def read_preprocessing(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """Parameters of the preprocessing of a recognizer, by stage, without reading its weights.

    Raises:
        UserError: see ``load_trained``.
    """
    with _opened(path) as (about, _):
        return about["preprocessing"]


def _read(path: Path, device: str | torch.device) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The metadata of a recognizer, and its weights."""
    with _opened(path, device) as (about, file):
        about = {"features": 0} | about  # recognizers from before there were features
        return about, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


@contextmanager
def _opened(path: Path, device: str | torch.device = "cpu") -> Iterator[tuple[dict[str, Any], Any]]:
    """The metadata of a recognizer, and its file; errors of reading it are users' errors."""
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            about = json.loads((file.metadata() or {}).get(ABOUT, "{}"))
            if about.get("format") != FORMAT:
                raise UserError(f"{path} is not a fer3d recognizer of format {FORMAT}: train again")
            yield about, file
    except FileNotFoundError:
        raise UserError(f"{path} is missing: run `dvc repro train` to make it") from None
    except (SafetensorError, ValueError, OSError) as error:
        raise UserError(f"{path} is not a fer3d recognizer ({_one_line(error)})") from None


def _plain(tensor: Tensor) -> Tensor:
    """On the CPU, in C order: the same bytes for every device."""
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
