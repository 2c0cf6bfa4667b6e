"""Every command of the documentation exists, with its options, targets, stages and parameters."""

import importlib.util
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import pytest
import typer
import yaml
from documented import PAGES, Block, blocks, shell_blocks
from dvc.cli import parse_args

from fer3d.cli import typer_app
from fer3d.errors import DEBUG
from fer3d.machine.settings import PREFIX, Settings
from fer3d.params import load

REPOSITORY = Path(__file__).parents[2]
PIPELINES = {
    file.relative_to(REPOSITORY).as_posix()
    for file in (REPOSITORY / "experiments").rglob("dvc.yaml")
}
STAGES = set(yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"])
PARAMS = (REPOSITORY / "params.yaml").read_text()
MAKEFILE = (REPOSITORY / "Makefile").read_text()
GIT = {"add", "checkout", "commit", "pull", "push"}
PROGRAMS = {"gto", "unzip", ".", "export"}  # of the system, and the shell's own
LANGUAGES = {"", "json", "python", "sh", "yaml"}
MISSPELT = "FER3D_WORKER"  # in the table of mistakes
OF_THE_SHELL = {"--install-completion", "--show-completion"}  # offered only where a shell is known

Words = Sequence[str]


def fer3d(words: Words, _: Path) -> None:
    """The subcommand exists, and parses its arguments."""
    command: click.Command = typer.main.get_command(typer_app)
    context = click.Context(command, info_name="fer3d", resilient_parsing=True)
    while isinstance(command, click.Group) and words[0] not in OF_THE_SHELL:
        found = command.get_command(context, words[0])
        assert found is not None, f"no command {words[0]}"
        command, words = found, words[1:]
    if not isinstance(command, click.Group):
        command.make_parser(context).parse_args(list(words))


def make(words: Words, _: Path) -> None:
    """The target and the variables exist."""
    targets = set(re.search(r"(?m)^\.PHONY: (.+)$", MAKEFILE)[1].split())
    variables = set(re.findall(r"(?m)^(\w+) \?=", MAKEFILE))
    assert {word.partition("=")[0] for word in words} <= targets | variables


def dvc(words: Words, scratch: Path) -> None:
    """DVC parses the arguments; stages exist, and values of parameters are valid."""
    given = parse_args(list(words))
    if words[0] == "repro" or words[:2] == ["exp", "run"]:
        assert set(given.targets) <= STAGES | PIPELINES
    if overrides := getattr(given, "set_param", None):
        check_parameters(overrides, scratch / "params.yaml")


def check_parameters(overrides: Sequence[str], file: Path) -> None:
    """Parameters exist and take these values: they are read as the pipeline reads them."""
    values = yaml.safe_load(PARAMS)
    for name, _, value in (override.partition("=") for override in overrides):
        section, key = name.split(".")
        assert key in values[section], name
        values[section][key] = yaml.safe_load(value)
    file.write_text(yaml.safe_dump(values))
    load(file)


def git(words: Words, _: Path) -> None:
    """A command of git that changes what the page speaks of."""
    assert words[0] in GIT


def pip(words: Words, _: Path) -> None:
    """Files of requirements exist."""
    files = [word for word in words if word.endswith(".txt")]
    assert words[0] == "install" and all((REPOSITORY / file).is_file() for file in files)


def python(words: Words, _: Path) -> None:
    """A module that exists, or a program on standard input; files of tests exist."""
    if words[0] == "-":
        return
    assert words[0] == "-m" and importlib.util.find_spec(words[1])
    assert all((REPOSITORY / word).is_file() for word in words[2:] if word.endswith(".py"))


CHECKS: dict[str, Callable[[Words, Path], None]] = {
    "fer3d": fer3d,
    ".venv/bin/fer3d": fer3d,
    "make": make,
    "dvc": dvc,
    "git": git,
    "pip": pip,
    "python": python,
}


@pytest.mark.parametrize("block", shell_blocks(), ids=str)
def test_commands_exist(block: Block, tmp_path: Path) -> None:
    commands = block.commands()
    assert commands
    for program, *words in commands:
        if program not in PROGRAMS:
            CHECKS[program](words, tmp_path)
    for text in block.programs():
        compile(text, str(block), "exec")


@pytest.mark.parametrize("block", shell_blocks(), ids=str)
def test_the_shell_can_read_it(block: Block) -> None:
    done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_settings_in_the_text_exist(page: str, tmp_path: Path) -> None:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    for span in re.findall(r"`((?:fer3d|make) [a-z][^`\n]*)`", text):
        program, *words = span.split()
        CHECKS[program](words, tmp_path)
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {DEBUG, MISSPELT}
    assert set(re.findall(rf"\b{PREFIX}[A-Z]+", text)) <= known


@pytest.mark.parametrize("block", [b for b in blocks() if b.mark], ids=str)
def test_a_mark_has_a_reason(block: Block) -> None:
    if block.mark == "run by":
        for file in block.reason.split(", "):
            assert (REPOSITORY / file).is_file(), file
    else:
        assert len(block.reason.split()) > 2


def test_blocks_have_a_known_language() -> None:
    languages = {block.language.split(" ")[0] for block in blocks()}
    assert languages <= LANGUAGES
    unnamed = [block.text.split() for block in blocks() if not block.language]
    assert not any(words[0] in CHECKS for words in unnamed), "commands are in blocks of `sh`"


@pytest.mark.parametrize("block", [b for b in blocks() if b.language.startswith("python")], ids=str)
def test_python_compiles_and_somebody_runs_it(block: Block) -> None:
    compile(block.text, str(block), "exec")
    assert block.mark, "say which test runs it: <!-- run by: tests/... -->"
