import os
import subprocess
import sys

import pytest

TEXT = "\u2265 \u250c \udcff"  # a sign, a table's corner, a byte of a name that is not UTF-8


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [
        ("ascii", b"\\u2265 \\u250c \\udcff"),
        ("latin-1", b"\\u2265 \\u250c \\udcff"),
        ("utf-8", "\u2265 \u250c ".encode() + b"\\udcff"),
    ],
)
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_what_an_encoding_lacks_is_escaped(encoding, printed, stream):
    code = (
        "import sys; from fer3d.machine.terminal import print_everywhere; print_everywhere(); "
        f"print({TEXT!r}, file=sys.{stream})"
    )
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert (done.returncode, getattr(done, stream).strip()) == (0, printed)


def test_a_table_of_the_command_is_printed_in_ascii(repository):
    command = [sys.executable, "-m", "fer3d", "doctor", "--help"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "COLUMNS": "80"}
    done = subprocess.run(command, cwd=repository, env=environment, capture_output=True)
    assert done.returncode == 0 and done.stdout.isascii() and b"--json" in done.stdout
