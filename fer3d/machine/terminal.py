"""What is printed reaches every terminal and log, whatever its encoding."""

import sys
from io import TextIOWrapper


def print_everywhere() -> None:
    """Let standard output and errors escape what their encoding lacks, as ``\\u2265``.

    Without this, one such character (in a table, or in a file's name) is a UnicodeEncodeError.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a test or a notebook may have put another there
            stream.reconfigure(errors="backslashreplace")
