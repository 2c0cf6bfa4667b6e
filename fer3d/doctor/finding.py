"""The results of the checks."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Severity of a finding."""

    OK = "ok"
    WARNING = "warning"  # the run works, but slower, larger or less shared than possible
    PROBLEM = "problem"  # the run fails


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        check: name of the check.
        detail: what was found.
        advice: what to do; "" if nothing.
    """

    check: str
    status: Status
    detail: str
    advice: str = ""


def ok(check: str, detail: str) -> Finding:
    return Finding(check, Status.OK, detail)


def warning(check: str, detail: str, advice: str) -> Finding:
    return Finding(check, Status.WARNING, detail, advice)


def problem(check: str, detail: str, advice: str) -> Finding:
    return Finding(check, Status.PROBLEM, detail, advice)


def size(count: float) -> str:
    """A number of bytes as text: three digits and a decimal unit."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"
