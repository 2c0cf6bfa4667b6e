"""What an examination finds."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How much a finding matters to a long run."""

    OK = "ok"
    WARNING = "warning"  # it will run; slower, larger or less shared than it could
    PROBLEM = "problem"  # it will not run, or not to its end


@dataclass(frozen=True)
class Finding:
    """One line of the examination.

    Attributes:
        check: what was looked at.
        detail: what was seen.
        advice: what to do; "" where there is nothing to do.
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
    """Bytes for people: three digits and a decimal unit."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"
