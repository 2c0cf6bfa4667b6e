"""The `fer3d` command as a whole."""

import os
import platform
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fer3d.cli import typer_app
from fer3d.errors import UserError


@pytest.mark.parametrize("module", ["fer3d", "fer3d.cli"])
def test_it_runs_as_a_module_and_says_its_version(module, repository: Path):
    command = [sys.executable, "-m", module, "--version"]
    result = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True)
    package = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    first, python, *libraries = result.stdout.splitlines()
    assert first == f"fer3d {package['version']}"
    assert python.startswith(f"python {platform.python_version()} on ")
    named = dict(line.split(" ", 1) for line in libraries)
    assert named["torch"] == metadata.version("torch").partition("+")[0]
    assert {"opencv", "numpy", "litert", "dvc", "pytorch-lightning"} <= set(named)
    assert f"\nversion: {package['version']}\n" in (repository / "CITATION.cff").read_text()


def test_accuracy3d_without_rendered_images_says_what_to_run(
    tmp_path, repository: Path, assets_dir: Path
):
    arguments = ["accuracy3d", str(tmp_path), "--params", str(repository / "params.yaml")]
    arguments += ["--assets", str(assets_dir)]
    result = CliRunner().invoke(typer_app, arguments)
    assert isinstance(result.exception, UserError)
    assert "run `dvc repro synthesize`" in str(result.exception)


def test_show_needs_an_evaluation(tmp_path: Path):
    result = CliRunner().invoke(typer_app, ["show", str(tmp_path / "none.json")])
    assert isinstance(result.exception, UserError) and "dvc repro" in str(result.exception)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_and_options(shell, repository: Path):
    environment = {**os.environ, "_FER3D_COMPLETE": f"complete_{shell}"}
    environment |= {"COMP_WORDS": "fer3d pre", "COMP_CWORD": "1"}  # of bash
    environment |= {"_TYPER_COMPLETE_ARGS": "fer3d pre", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    program = "import sys; sys.argv[0] = 'fer3d'; from fer3d.cli import app; app()"
    command = [sys.executable, "-c", program]
    result = subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True
    )
    assert "predict" in result.stdout and "doctor" not in result.stdout
