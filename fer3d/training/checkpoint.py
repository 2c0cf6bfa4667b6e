"""A trained recognizer as one file: weights, and everything needed to use them."""

import io
import json
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fer3d.errors import UserError
from fer3d.files.atomic import write_bytes
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork

FORMAT = 2  # increased when the file format changes


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
    """

    network: FusionNetwork
    classes: tuple[str, ...]
    image_size: int
    shading_size: int
    training: Mapping[str, Any]
    preprocessing: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    vertices: int = 0


def save_trained(trained: TrainedNetwork, path: Path) -> None:
    """Write a recognizer in one atomic step; equal recognizers give equal bytes."""
    about = {
        "network": asdict(trained.network.config),
        "classes": list(trained.classes),
        "image_size": trained.image_size,
        "shading_size": trained.shading_size,
        "training": dict(trained.training),
        "preprocessing": {name: dict(part) for name, part in trained.preprocessing.items()},
        "vertices": trained.vertices,
    }
    content = {
        "format": FORMAT,
        "about": json.dumps(about),  # the bytes of a pickled mapping depend on object identities
        "state": {name: _plain(value) for name, value in trained.network.state_dict().items()},
    }
    buffer = io.BytesIO()  # torch.save to a path would write the file name into the file
    torch.save(content, buffer)
    write_bytes(path, buffer.getvalue())


def load_trained(path: Path, device: str | torch.device = "cpu") -> TrainedNetwork:
    """Read a recognizer; nothing in the file is executed.

    Raises:
        UserError: the file is missing or is not a recognizer of this version.
    """
    try:
        content = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise UserError(f"{path} is missing: run `dvc repro train` to make it") from None
    except (RuntimeError, EOFError, ValueError, OSError, pickle.UnpicklingError) as error:
        raise UserError(f"{path} is not a fer3d checkpoint ({_one_line(error)})") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f"{path} is not a fer3d checkpoint of format {FORMAT}: train again")
    about = json.loads(content["about"])
    network = FusionNetwork(
        NetworkConfig(**about["network"]),
        len(about["classes"]),
        image_size=about["image_size"],
        shading_size=about["shading_size"],
        vertices=about.get("vertices", 0),
    )
    network.load_state_dict(content["state"])
    return TrainedNetwork(
        network.to(device).eval(),
        tuple(about["classes"]),
        about["image_size"],
        about["shading_size"],
        about["training"],
        about["preprocessing"],
        about.get("vertices", 0),
    )


def _plain(tensor: Tensor) -> Tensor:
    """On the CPU, in C order: the same bytes for every device."""
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
