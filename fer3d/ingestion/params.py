"""The section `ingest` of ``params.yaml``."""

from fer3d.datasets.params import LayoutName, SourceParams
from fer3d.files.labels import ClassName
from fer3d.files.sections import Fraction


class IngestParams(SourceParams, extra="forbid"):
    layout: LayoutName
    max_rejected_fraction: Fraction
    class_names: dict[ClassName, ClassName]
    classes: list[ClassName] | None
