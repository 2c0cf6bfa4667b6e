"""The values of the section `ingest` that locate the images of a data set."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from fer3d.datasets.layout import AUTO, NAMES, image_root
from fer3d.files.images import MAX_PIXELS

# Folder of a checkout for what saves time in the next run. It is not in fer3d.checkout, so that
# stages do not depend on all paths there.
KEPT = Path(".fer3d")


def _known(name: str) -> str:
    if name not in NAMES:
        raise ValueError(f"expected one of {', '.join(NAMES)}, got {name!r}")
    return name


LayoutName = Annotated[str, AfterValidator(_known)]


class SourceParams(BaseModel):
    """The values of `ingest` that every stage needs that opens source images."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: str
    layout: LayoutName = AUTO
    max_pixels: Annotated[int, Field(gt=0, le=MAX_PIXELS)]

    @property
    def root(self) -> Path:
        """The folder at which the paths of the manifest start."""
        return image_root(Path(self.source), self.layout, KEPT)
