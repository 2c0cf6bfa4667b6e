"""The section `align` of ``params.yaml``."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from fer3d.files.sections import Fraction


class AlignParams(BaseModel):
    """Parameters of the alignment of one image."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    detector: Literal["mtcnn", "haar"]
    size: Annotated[int, Field(ge=32, le=1024)]
    crop: Annotated[float, Field(ge=1, le=4)] | None
    padding: Annotated[float, Field(ge=0, le=1)]
    min_face: Annotated[int, Field(ge=12)]
    thresholds: tuple[Fraction, Fraction, Fraction]


class AlignStageParams(AlignParams, extra="forbid"):
    """The whole section: also how many faces must be found in a data set."""

    min_found_fraction: Fraction
