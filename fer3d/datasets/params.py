"""Where the images of a data set are; the rest of the section `ingest` is ``ingestion``'s."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from fer3d.files.images import MAX_PIXELS


class SourceParams(BaseModel):
    """What every stage that opens the images reads of the section `ingest`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: str
    max_pixels: Annotated[int, Field(gt=0, le=MAX_PIXELS)]
