"""A checkout in which a test runs DVC."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

Changes = Mapping[str, Mapping[str, object]]  # section of params.yaml: values by name


@dataclass
class Checkout:
    """A folder with the code, and the environment that commands have in it."""

    folder: Path
    environment: dict[str, str]

    @contextmanager
    def start(self, *command: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command as a terminal does: in a process group of its own, open to Ctrl-C."""
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # of a background job, and inherited
            signal.signal(signal.SIGINT, signal.default_int_handler)
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        ) as process:
            yield process

    def run(self, *command: str) -> str:
        """The output of a command, which must succeed."""
        with self.start(*command) as process:
            said = process.communicate()[0]
        assert process.returncode == 0, f"{' '.join(command)}\n{said}"
        return said

    def set(self, changes: Changes) -> None:
        """Change values of params.yaml."""
        path = self.folder / "params.yaml"
        values = changed(yaml.safe_load(path.read_text()), changes)
        path.write_text(yaml.safe_dump(values, sort_keys=False))


def environment(**variables: str) -> dict[str, str]:
    """The environment with this Python's programs first, a git that anybody has, and variables."""
    who = [f"GIT_{role}_" for role in ("AUTHOR", "COMMITTER")]
    git = {f"{role}NAME": "test" for role in who} | {f"{role}EMAIL": "test@a.org" for role in who}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | git | {"PATH": path, "GIT_CONFIG_GLOBAL": os.devnull} | variables


def changed(values: Mapping[str, dict[str, object]], changes: Changes) -> dict[str, object]:
    """Sections of params.yaml with other values in them."""
    return {**values, **{name: values[name] | dict(keys) for name, keys in changes.items()}}


def copy_code(source: Path, target: Path, names: Sequence[str]) -> None:
    """Copy files and folders of a checkout, without what DVC and Python made of them."""
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "dvc.lock")
            shutil.copytree(source / name, target / name, ignore=ignored)
        else:
            shutil.copyfile(source / name, target / name)


def link_or_copy(source: str, target: str) -> None:
    """Link a file that is replaced, never changed in place, where both are on one file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def stages_run(said: str) -> list[str]:
    """The stages that DVC ran, from its output, without the names of their files."""
    return re.findall(r"^Running stage '(?:[\w/.]+:)?([\w@-]+)'", said, re.MULTILINE)
