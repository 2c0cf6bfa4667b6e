"""The section `deduplicate` of ``params.yaml``."""

from typing import Literal

from fer3d.files.sections import Section


class DeduplicateParams(Section):
    conflicts: Literal["drop_all", "keep_first", "keep_majority"]
    near: Literal["off", "report", "group", "drop"] = "group"
