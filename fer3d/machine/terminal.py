"""Makes output printable on terminals and in logs with any encoding."""

import sys
from io import TextIOWrapper


def print_everywhere() -> None:
    """Make standard output and error escape characters that their encoding lacks, as ``\\u2265``.

    Otherwise one such character (in a table, or in a file name) raises a UnicodeEncodeError.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # tests and notebooks replace the streams
            stream.reconfigure(errors="backslashreplace")
