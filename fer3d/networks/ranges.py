"""Ranges of values as annotations of fields, checked in dataclasses and by pydantic.

This room does not import pydantic, but implements the method that pydantic looks for.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from fer3d.errors import UserError


@dataclass(frozen=True)
class Range:
    """A range of numbers with the limits >= ``ge`` or > ``gt``, and <= ``le`` or < ``lt``."""

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None

    def __contains__(self, value: float) -> bool:
        return (
            (self.ge is None or value >= self.ge)
            and (self.gt is None or value > self.gt)
            and (self.le is None or value <= self.le)
            and (self.lt is None or value < self.lt)
        )

    def __str__(self) -> str:
        """The range as in the comments of ``params.yaml``: 4 .. 512; 0 ..; more than 0."""
        lowest = f"more than {self.gt}" if self.ge is None else f"{self.ge} or more"
        if self.lt is not None:
            return f"{lowest}, less than {self.lt}"
        if self.ge is None:
            return lowest
        return f"{self.ge} .." + ("" if self.le is None else f" {self.le}")

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        """Pydantic's schema of a number with these limits."""
        limits = {name: limit for name, limit in vars(self).items() if limit is not None}
        return handler(source) | limits


def check_ranges(section: str, config: Any) -> None:
    """Check the fields of a dataclass whose annotations have a ``Range`` or a ``Literal``.

    Args:
        section: section of ``params.yaml``, for the message.
        config: the dataclass instance.

    Raises:
        UserError: a value is out of range; the message names it.
    """
    hints = get_type_hints(type(config), include_extras=True)
    for field in fields(config):
        value, hint = getattr(config, field.name), hints[field.name]
        if value is None and type(None) in get_args(hint):
            continue
        expected = _expected(hint)
        if expected is not None and value not in expected:
            said = expected if isinstance(expected, Range) else " | ".join(map(str, expected))
            raise UserError(f"{section}.{field.name}: expected {said}, got {value!r}")


def _expected(hint: Any) -> "Range | tuple[Any, ...] | None":
    """The range or the choices in an annotation, if it has any."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    for part in get_args(hint):
        found = part if isinstance(part, Range) else _expected(part)
        if found is not None:
            return found
    return None
