"""The section `synthesize` of ``params.yaml``."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from fer3d.files.sections import Fraction, Section, Seed


class SynthesizeParams(Section):
    seed: Seed
    images: dict[str, Annotated[int, Field(ge=0)]]
    size: Annotated[int, Field(ge=32, le=1024)]
    max_yaw_deg: Annotated[float, Field(ge=0, le=60)]
    duplicate_fraction: Fraction
    conflicting_duplicates: Annotated[int, Field(ge=0)]


class UsedBy(BaseModel):
    """``source`` of the section `ingest`: the data set is rendered only if it is used."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: str
