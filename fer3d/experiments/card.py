"""A trained recognizer in fewer bytes, and its card: what it is, and how good it is."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer3d.assets.recognizers import CARD, WEIGHTS
from fer3d.errors import UserError
from fer3d.evaluation.evaluate import evaluate
from fer3d.evaluation.intervals import proportion_interval, share_interval
from fer3d.evaluation.tables import images_of
from fer3d.experiments.groups import ALL, NO_FACE, TURNED_NAME, Group, groups_of
from fer3d.experiments.provenance import photos_used
from fer3d.files.atomic import write_json, write_text
from fer3d.files.folders import Folders
from fer3d.files.manifest import TEST, VALIDATION
from fer3d.files.packed import read_manifest
from fer3d.training.answers import open_recognizer
from fer3d.training.arrays import InputArrays
from fer3d.training.checkpoint import TrainedNetwork, load_trained, save_trained
from fer3d.training.data import ExpressionDataset
from fer3d.training.rounded import Rounding
from fer3d.training.temperature import calibrate

METRICS = "metrics.json"
TEMPLATE = "card.md.j2"
DECIMALS = 4
ONE_CROP, MIRRORED = "one crop", "the mean of the answers for a photo and its mirror image"


@dataclass(frozen=True)
class Origin:
    """Where a recognizer comes from.

    Attributes:
        name: of the recognizer.
        data: a sentence that names the photos.
        licences: a sentence about the licences of photos and weights.
        made: how it was made, step by step, as Markdown: commits, commands, edited values.
        inputs: MD5 of the data that it was trained on, by path, see ``provenance.digests``.
        parameters: of the stages that chose its photos, see ``provenance.data_parameters``.
    """

    name: str
    data: str
    licences: str
    made: str
    inputs: Mapping[str, str]
    parameters: Mapping[str, Any] = field(default_factory=dict)


def write_boxed(
    checkpoint: Path,
    folders: Folders,
    origin: Origin,
    out: Path,
    *,
    mirrored: bool = False,
    rounding: Rounding = "float16",
) -> dict[str, Any]:
    """Write a recognizer that comes with fer3d, and score it as it is written.

    The rounded weights are calibrated again.

    Args:
        checkpoint: what the stage `train` wrote.
        folders: the arrays that it was trained on; their test images are scored.
        origin: where it comes from.
        out: folder to write ``model.safetensors``, ``metrics.json`` and ``README.md`` into.
        mirrored: set ``network.mirrored``.
        rounding: of the weights, see ``fer3d.training.rounded``.

    Returns:
        What ``metrics.json`` has: metrics of validation and test images as the stage `evaluate`
        gives them, accuracy by group of the test images, and `data`, see ``photos_used``.

    Raises:
        UserError: there are no test or no validation images, or the files do not fit together.
    """
    trained = load_trained(checkpoint)
    if mirrored:
        trained.network.config = replace(trained.network.config, mirrored=True)
    save_trained(trained, out / WEIGHTS, rounding=rounding)
    trained, arrays = open_recognizer(out / WEIGHTS, folders, "cpu")
    _calibrate(trained, arrays)
    save_trained(trained, out / WEIGHTS, rounding=rounding)
    predictions, metrics = evaluate(out / WEIGHTS, folders)
    test = predictions[predictions["split"] == TEST]
    if test.empty:
        raise UserError("there are no test images to score a recognizer on")
    data = photos_used(read_manifest(folders.images)) | {"parameters": dict(origin.parameters)}
    result = metrics | {"groups": grouped(test, folders), "data": data}
    write_json(out / METRICS, result)
    write_text(out / CARD, card(origin, result, trained, rounding))
    return result


def grouped(test: pd.DataFrame, folders: Folders) -> dict[str, dict[str, Any]]:
    """Accuracy by yaw, 3D face and lighting.

    Args:
        test: predictions of test images, returned by ``evaluate``.
        folders: the arrays.

    Returns:
        {group: {images, accuracy, interval}}; thirds have the name of their property before.
    """
    right = (test["label"] == test["predicted"]).to_numpy()
    found = groups_of(test["id"].tolist(), folders.images, folders.faces)
    parts = [group for group in found if group.name not in (ALL, TURNED_NAME)]
    return {_group_name(group): _score(right[group.rows]) for group in parts}


def _group_name(group: Group) -> str:
    if group.name == NO_FACE:
        return group.name
    return f"yaw {group.name}" if group.kind == "yaw" else f"{group.kind}: {group.name}"


def card(
    origin: Origin,
    metrics: Mapping[str, Any],
    trained: TrainedNetwork,
    rounding: Rounding = "float16",
) -> str:
    """The card as Markdown.

    Args:
        origin: where the recognizer comes from.
        metrics: returned by ``write_boxed``.
        trained: the recognizer, for its parameters.
        rounding: of the weights in the folder.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("fer3d.experiments", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # Markdown
    )
    test = metrics[TEST]
    return environment.get_template(TEMPLATE).render(
        origin=origin,
        rounding=rounding,
        answer=MIRRORED if trained.network.config.mirrored else ONE_CROP,
        metrics=metrics,
        test=test,
        images=images_of(test),
        interval=share_interval(test["accuracy"], images_of(test)),
        recalls={
            name: share_interval(row["recall"], row["support"])
            for name, row in test["per_class"].items()
            if row["support"]
        },
        settings={
            **metrics["data"]["parameters"],
            "network": asdict(trained.network.config),
            "train": trained.training,
            **trained.preprocessing,
        },
        json=json,
    )


def _calibrate(trained: TrainedNetwork, arrays: InputArrays) -> None:
    rows = arrays.rows(VALIDATION)
    if not len(rows):
        raise UserError("there are no validation images to calibrate a recognizer on")
    calibrate(trained.network, ExpressionDataset(arrays, rows, trained.classes))


def _score(right: np.ndarray) -> dict[str, Any]:
    low, high = proportion_interval(int(right.sum()), len(right))
    return {
        "images": len(right),
        "accuracy": round(float(right.mean()), DECIMALS),
        "interval": [round(low, DECIMALS), round(high, DECIMALS)],
    }
