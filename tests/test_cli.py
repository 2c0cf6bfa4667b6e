"""The `fer3d` command as a whole."""

import subprocess
import sys
import tomllib
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
    assert result.stdout == f"fer3d {package['version']}\n"
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
