"""How a recognizer was made: its data, and the commit, values and commands that repeat it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from fer3d.files.manifest import SPLITS, TRAIN

DATA_SECTIONS = ("deduplicate", "split", "balance")  # a recognizer's file has those after them
PARAMS = "params.yaml"
TRAINED = "dvc repro train"


def digests(lock: Path) -> dict[str, str]:
    """MD5 of the data that the stage `train` read, by path, from a ``dvc.lock``.

    They are taken from its inputs: the outputs of other stages in the file can be those of another
    run.
    """
    train = _stages(lock)["train"]
    return {dep["path"]: dep["md5"] for dep in train["deps"] if dep["path"].startswith("data/")}


def data_parameters(lock: Path) -> dict[str, Any]:
    """The sections of ``params.yaml`` that decide which photos are used, from a ``dvc.lock``."""
    stages = _stages(lock)
    return {name: stages[name]["params"][PARAMS][name] for name in DATA_SECTIONS if name in stages}


def photos_used(frame: pd.DataFrame) -> dict[str, Any]:
    """What is in the splits of a data set.

    Args:
        frame: the manifest of the balanced data set.

    Returns:
        photos {split: {class: count}} without noisy copies, noisy_copies (their number), and
        near_copies {groups, photos, divided: groups in more than one split}, of the photos left.
    """
    photos = frame[frame["id"] == frame["source_id"]] if "source_id" in frame else frame
    counts = pd.crosstab(photos["split"], photos["label"]).to_dict("index")
    near = photos.reindex(columns=["near_group", "split"])  # no group: not searched for
    sizes = near.groupby("near_group")["split"].agg(["size", "nunique"])  # without NaN
    groups = sizes[sizes["size"] > 1]
    return {
        "photos": {
            split: {str(name): int(count) for name, count in counts[split].items()}
            for split in SPLITS
            if split in counts
        },
        "noisy_copies": int((frame["split"] == TRAIN).sum() - (photos["split"] == TRAIN).sum()),
        "near_copies": {
            "groups": len(groups),
            "photos": int(groups["size"].sum()),
            "divided": int((groups["nunique"] > 1).sum()),
        },
    }


def edited_values(
    committed: Mapping[str, Any], used: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """The values of ``params.yaml`` that differ from the committed ones, by section.

    ``ingest.source`` keeps only its last part, in the folder /data: it is a path of one machine.
    """
    edited = {
        section: {key: value for key, value in values.items() if committed[section][key] != value}
        for section, values in used.items()
        if values != committed[section]
    }
    if source := edited.get("ingest", {}).get("source"):
        edited["ingest"]["source"] = f"/data/{Path(source).name}"
    return edited


def steps(
    trained_by: str, boxed_by: str, edited: Mapping[str, Any], command: str, recipe: str = TRAINED
) -> str:
    """Commits, values and commands, as Markdown.

    Args:
        trained_by: commit of the code that prepared the data and trained.
        boxed_by: commit of the code that rounded the weights and scored them.
        edited: returned by ``edited_values``.
        command: what did this.
        recipe: what did that.
    """
    start = f"Data and training: code of commit `{trained_by}`"
    if edited:
        values = yaml.safe_dump(dict(edited), default_flow_style=None, sort_keys=False, width=100)
        start += f", after these values were edited in `{PARAMS}`:\n\n```yaml\n{values}```"
    else:
        start += f", with its `{PARAMS}`."
    end = "same code" if boxed_by == trained_by else f"code of commit `{boxed_by}`"
    return (
        f"{start}\n\n```sh\n{recipe}\n```\n\n"
        f"Weights of this folder, scores and this card: {end}.\n\n```sh\n{command}\n```"
    )


def _stages(lock: Path) -> dict[str, Any]:
    return yaml.safe_load(lock.read_text(encoding="utf-8"))["stages"]
