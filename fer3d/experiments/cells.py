"""The matrix of experiments: a cell is one network trained in one way and tested once."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fer3d.errors import UserError
from fer3d.networks.config import NetworkConfig, network_config
from fer3d.params import Params
from fer3d.training.config import TrainConfig, train_config

BRANCHES: Mapping[str, Mapping[str, bool]] = {  # paper A, section 5.4
    "base": {"base": True, "shading": False, "landmark": False},
    "base-landmark": {"base": True, "shading": False, "landmark": True},
    "base-3d": {"base": True, "shading": True, "landmark": False},
    "whole": {"base": True, "shading": True, "landmark": True},
}
TITLES = {
    "base": "Base",
    "base-landmark": "Base+Landmark",
    "base-3d": "Base+3D",
    "whole": "Whole",
    "cross_entropy": "cross entropy",
    "focal": "focal",
}
CELL_FILE = "cell.json"
PREDICTIONS = "predictions.parquet"


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


def configurations(params: Params) -> list[Configuration]:
    """All combinations of preset, branches and loss."""
    axes = params.experiments
    product = itertools.product(axes.presets, axes.branches, axes.losses)
    return [Configuration(*values) for values in product]


def matrix(params: Params) -> list[Cell]:
    """All cells in the order in which DVC runs them: a whole matrix for each fold and seed.

    Raises:
        UserError: a fold that ``split.folds`` does not have.
    """
    axes = params.experiments
    for fold in axes.folds:
        if fold >= (params.split.folds or 0):
            raise UserError(
                f"experiments.folds names fold {fold} and split.folds is {params.split.folds}: "
                "set split.folds to the number of folds"
            )
    runs = itertools.product(axes.folds or (None,), axes.seeds)
    return [Cell(c, seed, fold) for fold, seed in runs for c in configurations(params)]


def configs(cell: Cell, params: Params) -> tuple[NetworkConfig, TrainConfig]:
    """What a cell trains and how: ``params.yaml``, with the cell's values in place of its own."""
    chosen = cell.configuration
    branches = BRANCHES[chosen.branches]
    network = params.network.model_dump() | {"preset": chosen.preset, **branches}
    train = params.train.model_dump() | {"loss": chosen.loss, "seed": cell.seed}
    return network_config(network), train_config(chosen.preset, train)


def parameters(cell: Cell, params: Params) -> dict[str, Any]:
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
