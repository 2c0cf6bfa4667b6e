"""The command timed as a whole: folders and videos."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = "tests/alignment/data/synthetic"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("entry", "size", "rows"),
    [
        ("predict_folder", ["--photos", "2"], ["1", "2"]),
        ("predict_video", ["--minutes", "0.005", "0.01"], ["0.005", "0.01"]),
    ],
)
def test_an_entry_prints_speed_and_memory(entry, size, rows, repository: Path, predictor):
    command = [sys.executable, "-m", "benchmarks", entry, *size, "--source", SOURCE]
    command += ["--model", str(predictor.checkpoint)]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = re.findall(r"(?m)^\| *([\d.]+) \| *[\d.]+ \| *([\d.]+) \| *(\d+) \|$", done.stdout)
    assert [size for size, _, _ in found] == rows
    assert all(float(speed) > 0 and int(memory) > 100 for _, speed, memory in found)


@pytest.mark.slow
def test_stages_measured_in_processes_of_their_own_start(repository: Path):
    command = [sys.executable, "-m", "benchmarks", "memory", "--rows", "2", "3", "--workers", "1"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.search(r"(?m)^\| *reconstruct\b.*\d", done.stdout), done.stdout
