"""The section `report` of ``params.yaml``."""

from typing import Annotated

from pydantic import Field

from fer3d.files.sections import Section


class ReportParams(Section):
    samples_per_class: Annotated[int, Field(ge=1, le=20)]
    pictures: bool
