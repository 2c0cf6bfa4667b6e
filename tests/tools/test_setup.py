"""The set-up: pins that satisfy the requirements, and one line if something is missing."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.skipif(shutil.which("sh") is None, reason="needs a POSIX shell")


def pins(repository: Path) -> dict[str, str]:
    lines = (repository / "constraints.txt").read_text().splitlines()
    split = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in split}


def declared(repository: Path) -> list[Requirement]:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    texts = [*project["dependencies"], *extras["test"], *extras["dev"]]
    return [Requirement(text) for text in texts if not text.startswith("fer3d")]


def test_every_declared_package_is_pinned_within_its_range(repository: Path) -> None:
    pinned = pins(repository)
    for requirement in declared(repository):
        assert pinned[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_pins_carry_no_local_version_and_no_path(repository: Path) -> None:
    assert all(version[0].isdigit() and "+" not in version for version in pins(repository).values())
    assert pins(repository)["torch"] == "2.13.0"


def stub(folder: Path, name: str, body: str) -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return program


def run(repository: Path, script: str, *args: str, **environment: str) -> tuple[int, str]:
    result = subprocess.run(
        ["sh", f"tools/{script}", *args],
        cwd=repository,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    return result.returncode, result.stderr


def test_python_that_is_too_old_is_refused_in_one_line(repository: Path, tmp_path: Path) -> None:
    old = stub(tmp_path, "python3", "exit 1")
    code, said = run(repository, "set-up.sh", str(tmp_path / "venv"), PYTHON=str(old))
    assert code == 1 and said.count("\n") == 1
    assert "no Python 3.11 or newer" in said and "make PYTHON=" in said


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="Linux alone needs them")
def test_missing_libraries_are_named_where_they_cannot_be_installed(
    repository: Path, tmp_path: Path
) -> None:
    python = stub(tmp_path, "python", "cat >/dev/null; echo libgl1; echo libegl1")
    stub(tmp_path, "id", "echo 1000")
    stub(tmp_path, "sudo", "exit 1")
    path = f"{tmp_path}:{os.environ['PATH']}"
    code, said = run(repository, "system-libraries.sh", str(python), PATH=path)
    assert code == 1 and said.count("\n") == 1
    assert said.endswith("apt-get install libgl1 libegl1\n")


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="Linux alone needs them")
def test_missing_libraries_are_installed_where_the_user_may(
    repository: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    python = stub(tmp_path, "python", f"cat >/dev/null; [ -e {log} ] || echo libgl1")
    stub(tmp_path, "id", "echo 0")
    stub(tmp_path, "apt-get", f'echo "$@" >> {log}')
    path = f"{tmp_path}:{os.environ['PATH']}"
    code, said = run(repository, "system-libraries.sh", str(python), PATH=path)
    assert (code, said) == (0, "")
    assert "install -qq -y --no-install-recommends libgl1" in log.read_text()
