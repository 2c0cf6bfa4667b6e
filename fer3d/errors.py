"""Errors whose messages are for the user."""

import errno
import os
from pathlib import Path

# no space, quota exceeded, file size limit of the process exceeded
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class UserError(Exception):
    """An error that the user can fix; the message is one line: what is wrong and what to do.

    Stages and the command print only the message, without a traceback.
    """


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
