"""Errors that a person, not a programmer, is meant to read."""

import errno
import os
from pathlib import Path

# no room, quota used up, file larger than a limit of the process
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class UserError(Exception):
    """Something the user can put right; the message says in one line what is wrong and what to do.

    Stages and the command line print the message alone, without a traceback.
    """


def printable(path: Path) -> str:
    """A path as text that can be written: a name that is not UTF-8 with its bytes as escapes."""
    return os.fsencode(path).decode(errors="backslashreplace")


def disk_full(error: BaseException) -> str | None:
    """What to tell a user whose disk is full; None where an error has another reason."""
    if not isinstance(error, OSError) or error.errno not in DISK_FULL:
        return None
    where = f"the disk of {error.filename}" if error.filename else "a disk"
    return (
        f"{where} is full ({error.strerror}): make room (`fer3d doctor` says how much is needed) "
        "and run the same command again; what is in the object store is not computed twice"
    )
