"""The section `align` of ``params.yaml``."""

from typing import Annotated, Literal

from pydantic import Field

from fer3d.sections import Fraction, Section


class AlignParams(Section):
    detector: Literal["mtcnn", "haar"]
    size: Annotated[int, Field(ge=32, le=1024)]
    crop: Annotated[float, Field(ge=1, le=4)] | None
    padding: Annotated[float, Field(ge=0, le=1)]
    min_face: Annotated[int, Field(ge=12)]
    thresholds: tuple[Fraction, Fraction, Fraction]
