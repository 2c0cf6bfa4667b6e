"""Cells of the matrix of experiments: one network, trained in one way and tested once."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fer3d.networks.config import BRANCHES as NETWORK_BRANCHES
from fer3d.networks.config import NetworkConfig
from fer3d.presets.configs import network_config, train_config
from fer3d.presets.params import NetworkParams, TrainParams
from fer3d.sections import Sections
from fer3d.training.config import TrainConfig


def _on(*names: str) -> dict[str, bool]:
    return {name: name in names for name in NETWORK_BRANCHES}


BRANCHES: Mapping[str, Mapping[str, bool]] = {  # the first four: paper A, section 5.4
    "base": _on("base"),
    "base-landmark": _on("base", "landmark"),
    "base-3d": _on("base", "shading"),
    "whole": _on("base", "shading", "landmark"),
    "base-vertices": _on("base", "vertices"),
    "whole-vertices": _on("base", "shading", "landmark", "vertices"),
}
TITLES = {
    "base": "Base",
    "base-landmark": "Base+Landmark",
    "base-3d": "Base+3D",
    "whole": "Whole",
    "base-vertices": "Base+Vertices",
    "whole-vertices": "Whole+Vertices",
    "cross_entropy": "cross entropy",
    "focal": "focal",
}
CELL_FILE = "cell.json"
PREDICTIONS = "predictions.parquet"


class CellParams(Sections):
    """The sections that a cell reads, so that no other trains it again."""

    network: NetworkParams
    train: TrainParams


@dataclass(frozen=True)
class Configuration:
    """What is compared: a network and its loss."""

    preset: str
    branches: str
    loss: str

    @property
    def title(self) -> str:
        """For tables: Base+3D, focal."""
        return f"{TITLES[self.branches]}, {TITLES[self.loss]}"


@dataclass(frozen=True)
class Cell:
    """One training: a configuration, a seed and, in a cross validation, the fold that is tested."""

    configuration: Configuration
    seed: int
    fold: int | None = None

    @property
    def name(self) -> str:
        """The name of the cell's folder, as in ``experiments/dvc.yaml``."""
        fold = () if self.fold is None else (self.fold,)
        parts = (*fold, self.seed, self.configuration.preset, self.configuration.branches)
        return "-".join(map(str, (*parts, self.configuration.loss)))

    @property
    def title(self) -> str:
        """For people: Base+3D, focal, seed 1."""
        fold = "" if self.fold is None else f", fold {self.fold}"
        return f"{self.configuration.title}, seed {self.seed}{fold}"


def configs(cell: Cell, params: CellParams) -> tuple[NetworkConfig, TrainConfig]:
    """What a cell trains and how: ``params.yaml``, with the cell's values in place of its own."""
    chosen = cell.configuration
    branches = BRANCHES[chosen.branches]
    network = params.network.model_dump() | {"preset": chosen.preset, **branches}
    train = params.train.model_dump() | {"loss": chosen.loss, "seed": cell.seed}
    return network_config(network), train_config(chosen.preset, train)


def parameters(cell: Cell, params: CellParams) -> dict[str, Any]:
    """All that a cell is given, by section: experiment, network, train."""
    network, train = configs(cell, params)
    experiment = asdict(cell.configuration) | {"seed": cell.seed, "fold": cell.fold}
    return {"experiment": experiment, "network": asdict(network), "train": asdict(train)}


def read_cell(folder: Path) -> dict[str, Any] | None:
    """What a finished cell says of itself, see ``run.run_cell``; None where it is not finished."""
    try:
        return json.loads((folder / CELL_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
