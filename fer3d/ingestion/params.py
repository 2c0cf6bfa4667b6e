"""The section `ingest` of ``params.yaml``."""

from fer3d.datasets.params import SourceParams
from fer3d.params import Fraction


class IngestParams(SourceParams, extra="forbid"):
    max_rejected_fraction: Fraction
    class_names: dict[str, str]
    classes: list[str] | None
