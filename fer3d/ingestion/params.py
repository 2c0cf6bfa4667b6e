"""The section `ingest` of ``params.yaml``."""

from pydantic import field_validator

from fer3d.datasets.layouts.ck_plus import NAME as CK_PLUS
from fer3d.datasets.layouts.ck_plus import CkPlusParams
from fer3d.datasets.layouts.oulu_casia import NAME as OULU_CASIA
from fer3d.datasets.layouts.oulu_casia import OuluCasiaParams
from fer3d.datasets.params import LayoutName, SourceParams
from fer3d.files.labels import ClassName, folded
from fer3d.files.sections import Fraction, Section


class IngestParams(SourceParams, extra="forbid"):
    layout: LayoutName
    max_rejected_fraction: Fraction
    class_names: dict[ClassName, ClassName]
    classes: list[ClassName] | None
    ck_plus: CkPlusParams = CkPlusParams()
    oulu_casia: OuluCasiaParams = OuluCasiaParams()

    @field_validator("class_names")
    @classmethod
    def _check_names(cls, names: dict[str, str]) -> dict[str, str]:
        """One class for each name, whatever its case."""
        known: dict[str, str] = {}
        for alias, name in names.items():
            other = known.setdefault(folded(alias), name)
            if other != name:
                raise ValueError(f"{alias!r} is there twice, for {other!r} and for {name!r}")
        return names

    @property
    def options(self) -> dict[str, Section]:
        """Parameters of layouts, by name."""
        return {CK_PLUS: self.ck_plus, OULU_CASIA: self.oulu_casia}
