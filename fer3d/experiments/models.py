"""What a cell of a compared model trains: a model by a recipe."""

from dataclasses import asdict, dataclass
from typing import Any

from fer3d.comparison.recipes import Preset
from fer3d.comparison.registry import model_of
from fer3d.experiments.cells import CellParams
from fer3d.presets.configs import train_config
from fer3d.training.config import TrainConfig

_DEFAULTS = asdict(TrainConfig())
_LOSS = ("loss", "focal_alpha", "focal_gamma")
_TARGETS = ("soft_labels", "teachers", "teacher_share", "cut_mix", "mix_up")
# The articles' objectives take one label for each image: no other loss, no other target.
ONE_LABEL = {name: _DEFAULTS[name] for name in (*_LOSS, *_TARGETS)}


@dataclass(frozen=True)
class ModelSetup:
    """A model of the registry, and the recipe of its training."""

    preset: Preset
    model: str

    @property
    def title(self) -> str:
        """Title in tables: Zhang-2017."""
        return model_of(self.model).title

    @property
    def values(self) -> dict[str, str]:
        """See ``cells.Setup``."""
        return asdict(self)

    def sections(self, seed: int, params: CellParams) -> dict[str, Any]:
        """See ``cells.Setup``."""
        return {"train": asdict(self.train(seed, params))}

    def train(self, seed: int, params: CellParams) -> TrainConfig:
        """The recommended training with the values of ``params.yaml``; see ``Setting.train``."""
        values = params.train.model_dump() | ONE_LABEL | {"seed": seed}
        return train_config("recommended", values)
