"""Peers whose dependencies collide with ours, in environments and processes of their own.

An environment is made at its first use (``--environments FOLDER``): minutes, and
1.5 GB or less; 5.5 GB for `facenet-pytorch`, which takes a PyTorch for CUDA.
"""

import json
import os
import shlex
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from benchmarks.pairs import Seconds

PACKAGES = {
    "mtcnn": ["mtcnn==1.0.0", "tensorflow>=2.16"],
    "facenet-pytorch": ["facenet-pytorch==2.5.3", "torchvision"],
    "mediapipe": ["mediapipe==0.10.14"],
}
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"
)
_SERVER = Path(__file__).with_name("served.py")
_READY = "ready"  # made when an environment is complete


class Peer:
    """A running peer: calls are timed by its process."""

    def __init__(self, command: list[str], requests: IO[str], answers: IO[str]):
        self._command, self._requests, self._answers = command, requests, answers

    def __call__(self, how: str, count: int) -> Seconds:
        """Process the first ``count`` images in one of the ways of ``served.py``."""
        print(json.dumps([how, count]), file=self._requests, flush=True)
        line = self._answers.readline()
        if not line:
            raise SystemExit(f"the peer ended: {shlex.join(self._command)}")
        return Seconds(json.loads(line))


@contextmanager
def serve(
    name: str, images: np.ndarray, folder: Path | None, *, all_cores: bool = False
) -> Iterator[Peer | None]:
    """A peer that holds images, or None if there is no folder for its environment.

    Args:
        name: one of ``PACKAGES``.
        images: (N, H, W, 3) uint8.
        folder: of the environments.
        all_cores: whether it has all cores and tells elapsed time; else it has one thread and
            tells processor time.
    """
    if folder is None:
        print(f"{name} is left out: it needs --environments FOLDER", file=sys.stderr)
        yield None
        return
    python, file = python_of(name, folder), folder / f"{name}.npy"
    np.save(file, images)
    command = [str(python), str(_SERVER), name, str(file)]
    command.append("elapsed" if all_cores else "processor")
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | ({} if all_cores else ONE_THREAD),
    ) as process:
        assert process.stdin and process.stdout
        yield Peer(command, process.stdin, process.stdout)
        process.stdin.close()


def python_of(name: str, folder: Path) -> Path:
    """The Python of a peer's environment, which is made if it is missing."""
    place = folder / name
    python = place / "bin" / "python"
    if not (place / _READY).exists():
        venv.create(place, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES[name]], check=True)
        (place / _READY).touch()
    return python
