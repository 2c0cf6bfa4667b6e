"""`make help` lists every target and variable."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_help_is_complete(repository: Path) -> None:
    text = (repository / "Makefile").read_text()
    targets = set(re.search(r"(?m)^\.PHONY: (.+)$", text)[1].split())
    variables = set(re.findall(r"(?m)^(\w+) \?=", text))
    said = subprocess.run(
        ["make", "-s", "help"], cwd=repository, capture_output=True, text=True, check=True
    ).stdout
    assert targets and set(re.findall(r"(?m)^make (\S+) +\S", said)) == targets
    assert variables and set(re.findall(r"(?m)^(\w+)=\S+.* +\S", said)) == variables
