"""Messages on standard error, printable with any encoding.

They are text, or on request (setting ``log``) JSON objects, one a line, for log collectors.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from io import TextIOWrapper
from pathlib import Path

from fer3d.errors import UserError


class _Messages(logging.Handler):
    """Prints what loggers and ``say`` report.

    Attributes:
        folder: folder of ``fer3d.local.toml``, which is read for the first message.
    """

    folder: Path | None = None

    @cached_property
    def as_json(self) -> bool:
        """Whether messages are JSON objects."""
        from fer3d.machine import settings  # with its libraries

        try:
            return self.folder is not None and settings.load(self.folder).log == "json"
        except UserError:  # reported by what needs the settings
            return False

    def emit(self, record: logging.LogRecord) -> None:
        text = logging.Formatter().format(record)  # the message; with a traceback, if there is one
        say(text, record.levelname.lower(), logger=record.name)


_MESSAGES = _Messages()


def set_up(folder: Path) -> None:
    """Print the messages of fer3d as the setting ``log`` says; called by commands and stages.

    Args:
        folder: folder of ``fer3d.local.toml``.
    """
    _MESSAGES.folder = folder
    vars(_MESSAGES).pop("as_json", None)
    logging.getLogger().addHandler(_MESSAGES)
    logging.getLogger("fer3d").setLevel(logging.INFO)


def as_json() -> bool:
    """Whether messages are JSON objects."""
    return _MESSAGES.as_json


def say(message: str, level: str = "info", **values: object) -> None:
    """Print a message on standard error.

    Args:
        message: what a person reads.
        level: info | warning | error.
        values: further keys of the JSON object.
    """
    if as_json():
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        fields = {"time": now, "level": level, "message": message, **values}
        message = json.dumps(fields, ensure_ascii=False)
    print(message, file=sys.stderr, flush=True)


@contextmanager
def native_messages_off() -> Iterator[None]:
    """Drop what libraries in C++ print on standard error meanwhile, such as TFLite's greetings."""
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def print_everywhere() -> None:
    """Make standard output and error escape characters that their encoding lacks, as ``\\u2265``.

    Otherwise one such character (in a table, or in a file name) raises a UnicodeEncodeError.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # tests and notebooks replace the streams
            stream.reconfigure(errors="backslashreplace")
