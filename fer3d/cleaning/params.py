"""The section `deduplicate` of ``params.yaml``."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from fer3d.files.sections import Section


def _off(value: Any) -> Any:
    """YAML reads the unquoted word `off` as false."""
    return "off" if value is False else value


class DeduplicateParams(Section):
    conflicts: Literal["drop_all", "keep_first", "keep_majority"]
    near: Annotated[Literal["off", "report", "group", "drop"], BeforeValidator(_off)] = "group"
