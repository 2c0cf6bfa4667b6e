"""The values of the section `ingest` that locate the images of a data set."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from fer3d.datasets.layout import image_root
from fer3d.files.images import MAX_PIXELS


class SourceParams(BaseModel):
    """The values of `ingest` that every stage needs that opens source images."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: str
    max_pixels: Annotated[int, Field(gt=0, le=MAX_PIXELS)]

    @property
    def root(self) -> Path:
        """The folder at which the paths of the manifest start."""
        return image_root(Path(self.source))
