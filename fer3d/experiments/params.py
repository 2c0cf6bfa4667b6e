"""The section `experiments` of ``params.yaml``."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fer3d.experiments.cells import OURS
from fer3d.files.sections import Section, Seed
from fer3d.networks.config import NetworkPreset
from fer3d.training.config import Loss

AXES = ("presets", "branches", "losses", "seeds", "folds", "models", "model_presets")


class ExperimentsParams(Section):
    presets: Annotated[list[NetworkPreset], Field(min_length=1)]
    branches: Annotated[
        list[
            Literal[
                "base",
                "base-landmark",
                "base-3d",
                "whole",
                "base-vertices",
                "whole-vertices",
                "base-features",
                "base-vertices-features",
            ]
        ],
        Field(min_length=1),
    ]
    losses: Annotated[list[Loss], Field(min_length=1)]
    seeds: Annotated[list[Seed], Field(min_length=1)]
    folds: list[Annotated[int, Field(ge=0)]]
    compare: Literal["raf", "oulu", "ck"]
    replicates: Annotated[int, Field(ge=100)]
    models: Annotated[list[str], Field(min_length=1)]
    model_presets: Annotated[list[Literal["article", "recommended"]], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_value_once(self) -> Self:
        for name in AXES:
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name}: duplicate value in {values}")
        return self

    @model_validator(mode="after")
    def _known_models(self) -> Self:
        if self.models != [OURS]:
            from fer3d.comparison.registry import REGISTRY  # imports PyTorch

            if unknown := [name for name in self.models if name not in (OURS, *REGISTRY)]:
                known = ", ".join((OURS, *REGISTRY))
                raise ValueError(f"models: unknown {unknown[0]!r}; known: {known}")
        return self
