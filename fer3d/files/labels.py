"""Normalization of class names from files, folders and parameters."""

import re
import unicodedata
from typing import Annotated, Any

from pydantic import BeforeValidator

_WHOLE_FLOAT = re.compile(r"([+-]?\d+)\.0+")


def one_spelling(text: str) -> str:
    """Normalize the spelling of a label.

    The result is in Unicode normal form KC (full-width letters and ligatures become plain ones),
    without format characters (category Cf: zero-width
    spaces and joiners, soft hyphens, byte order marks) and control characters, with single spaces
    and none at the ends. A number with a zero fraction becomes an integer: ``3.0`` is ``3``.
    """
    blanks = " ".join(unicodedata.normalize("NFKC", text).split())
    seen = "".join(sign for sign in blanks if unicodedata.category(sign) not in ("Cf", "Cc"))
    label = unicodedata.normalize("NFKC", " ".join(seen.split()))
    return _WHOLE_FLOAT.sub(r"\1", label) if _WHOLE_FLOAT.fullmatch(label) else label


def folded(text: str) -> str:
    """A key that is equal for labels that differ only in case or spelling, see ``one_spelling``."""
    return unicodedata.normalize("NFKC", one_spelling(text).casefold())


def _name(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        raise ValueError("YAML reads this unquoted word as a boolean or null; quote it")
    if not isinstance(value, str | int | float):
        return value
    if not one_spelling(str(value)):
        raise ValueError("expected the name of a class, got no visible character")
    return one_spelling(str(value))


ClassName = Annotated[str, BeforeValidator(_name)]
"""A class in ``params.yaml``: text or a number, in the spelling of ``one_spelling``."""
