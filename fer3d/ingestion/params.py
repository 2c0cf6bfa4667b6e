"""The section `ingest` of ``params.yaml``."""

from typing import Annotated

from pydantic import AfterValidator

from fer3d.datasets.layout import NAMES
from fer3d.datasets.params import SourceParams
from fer3d.files.labels import ClassName
from fer3d.files.sections import Fraction


def _known(name: str) -> str:
    if name not in NAMES:
        raise ValueError(f"expected one of {', '.join(NAMES)}, got {name!r}")
    return name


class IngestParams(SourceParams, extra="forbid"):
    layout: Annotated[str, AfterValidator(_known)]
    max_rejected_fraction: Fraction
    class_names: dict[ClassName, ClassName]
    classes: list[ClassName] | None
