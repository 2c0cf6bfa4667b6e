"""Cells of the matrix of experiments: one training of one configuration, tested once."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from fer3d.files.sections import Sections
from fer3d.networks.config import BRANCHES as NETWORK_BRANCHES
from fer3d.networks.config import NetworkConfig
from fer3d.presets.configs import network_config, train_config
from fer3d.presets.params import NetworkParams, TrainParams
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
    "base-features": _on("base", "features"),
    "base-vertices-features": _on("base", "vertices", "features"),
}
TITLES = {
    "base": "Base",
    "base-landmark": "Base+Landmark",
    "base-3d": "Base+3D",
    "whole": "Whole",
    "base-vertices": "Base+Vertices",
    "whole-vertices": "Whole+Vertices",
    "base-features": "Base+Features",
    "base-vertices-features": "Base+Vertices+Features",
    "cross_entropy": "cross entropy",
    "focal": "focal",
}
OURS = "ours"  # among the models: our network, whose cells are those of the branches
CELL_FILE = "cell.json"
PREDICTIONS = "predictions.parquet"


class CellParams(Sections):
    """The sections of ``params.yaml`` that a cell depends on."""

    network: NetworkParams
    train: TrainParams


class Setup(Protocol):
    """What a cell trains: a ``Configuration``, or a ``models.ModelSetup``."""

    @property
    def preset(self) -> str:
        """Name of the preset."""
        ...

    @property
    def title(self) -> str:
        """Title in tables."""
        ...

    @property
    def values(self) -> dict[str, str]:
        """Values of the axes of the matrix, by name, in the order of the cell's name."""
        ...

    def sections(self, seed: int, params: CellParams) -> dict[str, Any]:
        """All parameters of a training with this seed, by section."""
        ...


@dataclass(frozen=True)
class Configuration:
    """A network and its loss, which the experiments compare."""

    preset: str
    branches: str
    loss: str

    @property
    def title(self) -> str:
        """Title in tables: Base+3D, focal."""
        return f"{TITLES[self.branches]}, {TITLES[self.loss]}"

    @property
    def values(self) -> dict[str, str]:
        """See ``Setup``."""
        return asdict(self)

    def sections(self, seed: int, params: CellParams) -> dict[str, Any]:
        """See ``Setup``."""
        network, train = configs(self, seed, params)
        return {"network": asdict(network), "train": asdict(train)}


def own(setups: Iterable[Setup]) -> list[Configuration]:
    """The configurations of our network among some setups."""
    return [setup for setup in setups if isinstance(setup, Configuration)]


@dataclass(frozen=True)
class Cell:
    """One training: a setup, a seed and, in a cross validation, the test fold."""

    configuration: Setup
    seed: int
    fold: int | None = None

    @property
    def name(self) -> str:
        """Name of the cell's folder, as in ``experiments/dvc.yaml``."""
        fold = () if self.fold is None else (self.fold,)
        return "-".join(map(str, (*fold, self.seed, *self.configuration.values.values())))

    @property
    def title(self) -> str:
        """Title in messages: Base+3D, focal, seed 1."""
        fold = "" if self.fold is None else f", fold {self.fold}"
        return f"{self.configuration.title}, seed {self.seed}{fold}"


def configs(
    configuration: Configuration, seed: int, params: CellParams
) -> tuple[NetworkConfig, TrainConfig]:
    """Configurations of network and training: ``params.yaml`` with the values of the cell."""
    branches = BRANCHES[configuration.branches]
    network = params.network.model_dump() | {"preset": configuration.preset, **branches}
    train = params.train.model_dump() | {"loss": configuration.loss, "seed": seed}
    return network_config(network), train_config(configuration.preset, train)


def parameters(cell: Cell, params: CellParams) -> dict[str, Any]:
    """All parameters of a cell, by section: experiment, train and, for our network, network."""
    experiment = cell.configuration.values | {"seed": cell.seed, "fold": cell.fold}
    return {"experiment": experiment} | cell.configuration.sections(cell.seed, params)


def read_cell(folder: Path) -> dict[str, Any] | None:
    """The ``cell.json`` of a finished cell, see ``run.run_cell``; None if it is not finished."""
    try:
        return json.loads((folder / CELL_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
