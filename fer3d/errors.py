"""Errors whose messages are for the user."""

import errno
import os
import re
from pathlib import Path

DEBUG = "FER3D_DEBUG"  # environment variable: 1 shows the traceback of every error

# no space, quota exceeded, file size limit of the process exceeded
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class UserError(Exception):
    """An error that the user can fix; the message is one line: what is wrong and what to do.

    Stages and the command print only the message, without a traceback; see ``explained``.
    """


def explained(error: BaseException) -> str | None:
    """What to print instead of a traceback; None for an error in fer3d, and if ``DEBUG`` is set."""
    if os.environ.get(DEBUG, "0") not in ("", "0"):
        return None
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, ImportError):
        return _missing_library(error)
    if isinstance(error, OSError) and error.filename is not None:
        return disk_full(error) or f"{error.filename}: {error.strerror}"
    return disk_full(error)


def printable(path: Path) -> str:
    """A path as printable text; bytes that are not UTF-8 become escapes."""
    return os.fsencode(path).decode(errors="backslashreplace")


def disk_full(error: BaseException) -> str | None:
    """The message for a full disk; None if the error has another reason."""
    if not isinstance(error, OSError) or error.errno not in DISK_FULL:
        return None
    where = f"the disk of {error.filename}" if error.filename else "a disk"
    return (
        f"{where} is full ({error.strerror}): free some space (`fer3d doctor` says how much) and "
        "run the same command again; results in the object store are not computed again"
    )


def _missing_library(error: ImportError) -> str | None:
    """The message for a system library that is not installed, see tools/system-libraries.sh."""
    found = re.match(r"(\S+\.so\S*): cannot open shared object file", str(error))
    if found is None:
        return None
    return f"the system library {found[1]} is missing: run `make setup` to install it"
