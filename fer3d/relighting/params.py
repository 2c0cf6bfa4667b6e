"""The section `relight` of ``params.yaml``."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fer3d.files.sections import Section


class RelightParams(Section):
    neighbours: Annotated[int, Field(ge=3, le=100)]
    light: tuple[float, float, float]
    size: Annotated[int, Field(ge=16, le=512)]
    normals: Literal["grid", "open3d"] = "grid"  # default for checkpoints without this parameter

    @model_validator(mode="after")
    def _light_has_a_direction(self) -> Self:
        if not all(map(math.isfinite, self.light)) or not any(self.light):
            raise ValueError(
                f"light: expected three finite numbers, not all zero, got {list(self.light)}"
            )
        return self
