"""Standard error: characters that an encoding lacks, and messages as text or JSON."""

import json
import logging
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from fer3d.machine import terminal
from fer3d.machine.progress import progress

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


@pytest.fixture
def json_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Messages as JSON, as a local file asks for."""
    (tmp_path / "fer3d.local.toml").write_text('log = "json"\n')
    terminal.set_up(tmp_path)
    yield
    monkeypatch.delenv("FER3D_LOG", raising=False)
    terminal.set_up(tmp_path / "nowhere")
    logging.getLogger().removeHandler(terminal._MESSAGES)


def test_messages_are_text_by_default(capsys):
    terminal.say("12 of 20", "warning", done=12)
    assert capsys.readouterr().err == "12 of 20\n"


def test_json_lines_have_time_level_message_and_values(json_logs, capsys):
    terminal.say("photo.jpg: ∅", "warning", image="photo.jpg")
    line = json.loads(capsys.readouterr().err)
    assert datetime.fromisoformat(line.pop("time")).tzinfo
    assert line == {"level": "warning", "message": "photo.jpg: ∅", "image": "photo.jpg"}


def test_loggers_of_the_library_and_the_progress_speak_the_same(json_logs, capsys):
    logging.getLogger("fer3d.training").info("epoch %d", 3)
    with progress("predict", 2) as advance:
        advance(2)
    epoch, done = map(json.loads, capsys.readouterr().err.splitlines())
    assert (epoch["logger"], epoch["message"]) == ("fer3d.training", "epoch 3")
    assert (done["done"], done["total"]) == (2, 2)


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("fer3d show none.json", 2),
        ("stages.split --manifest a.parquet --out a --metrics a.json", 1),
    ],
)
def test_an_error_of_a_command_and_of_a_stage_is_a_line_of_json(
    command: str, status: int, repository: Path, tmp_path: Path
):
    environment = {**os.environ, "FER3D_LOG": "json", "PYTHONPATH": str(repository)}
    words = [sys.executable, "-m", *command.split()]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
    line = json.loads(done.stderr)
    assert done.returncode == status and line["level"] == "error"
    assert "run" in line["message"]  # what to run


def test_messages_of_native_libraries_can_be_dropped_for_a_while():
    code = (
        "import os; from fer3d.machine.terminal import native_messages_off\n"
        "with native_messages_off(): os.write(2, b'hello ')\n"
        "os.write(2, b'error')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stderr == b"error"
