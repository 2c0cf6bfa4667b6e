"""Puts the recognizer that this checkout trained into models/NAME, with its card.

python tools/box_model.py NAME --data SENTENCE --licences SENTENCE [--mirrored] [--int8]
    [--made FILE]

The card names the commit, the values edited in params.yaml and the commands. FILE replaces them:
Markdown that says how the recognizer was made, step by step.
"""

import argparse
import subprocess
from pathlib import Path

import yaml

from fer3d import checkout
from fer3d.experiments.card import Origin, write_boxed
from fer3d.experiments.provenance import data_parameters, digests, edited_values, steps
from fer3d.files.folders import Folders

CODE = ("fer3d", "stages", "dvc.yaml", "constraints.txt")  # committed, where a commit is named
ASKED = "python tools/box_model.py {name} --data ... --licences ..."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--data", required=True, help="sentences that name the photos")
    parser.add_argument("--licences", required=True, help="of photos and weights")
    parser.add_argument("--mirrored", action="store_true", help="set network.mirrored")
    parser.add_argument("--int8", action="store_true", help="matrices as integers of 8 bits")
    parser.add_argument("--made", type=Path, help="Markdown instead of commit, values, commands")
    values = parser.parse_args()
    command = ASKED.format(name=values.name)
    command += " --mirrored" * values.mirrored + " --int8" * values.int8
    made = values.made.read_text(encoding="utf-8").strip() if values.made else _made(command)
    lock = checkout.LOCK
    origin = Origin(
        values.name, values.data, values.licences, made, digests(lock), data_parameters(lock)
    )
    arrays = (checkout.DATA / name for name in ("balance", "reconstruct", "relight"))
    out = checkout.MODELS / values.name
    folders = Folders(*arrays)
    metrics = write_boxed(
        checkout.CHECKPOINT,
        folders,
        origin,
        out,
        mirrored=values.mirrored,
        rounding="int8" if values.int8 else "float16",
    )
    print(f"{out}: test accuracy {metrics['test']['accuracy']:.3f}")


def _made(command: str) -> str:
    """The steps, from the commits of this checkout and of the one that this file is in."""
    here, tools = checkout.TOP, Path(__file__).parents[1]
    for folder in (here, tools):
        if changed := _git(folder, "status", "--porcelain", "--", *CODE):
            raise SystemExit(f"commit the code first, the card names one commit:\n{changed}")
    committed = yaml.safe_load(_git(here, "show", f"HEAD:./{checkout.PARAMS}"))
    used = yaml.safe_load(checkout.PARAMS.read_text(encoding="utf-8"))
    trained_by, boxed_by = (
        _git(folder, "rev-parse", "--short", "HEAD") for folder in (here, tools)
    )
    return steps(trained_by, boxed_by, edited_values(committed, used), command)


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.check_output(["git", "-C", folder, *arguments], text=True).strip()


if __name__ == "__main__":
    main()
