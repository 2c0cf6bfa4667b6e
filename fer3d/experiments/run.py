"""Runs one cell: training, choice of the epoch on validation images, one test."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer3d.evaluation.evaluate import evaluate
from fer3d.evaluation.predictions import write_predictions
from fer3d.experiments.cells import CELL_FILE, PREDICTIONS, Cell, CellParams, parameters
from fer3d.files.atomic import write_json
from fer3d.files.folders import Folders
from fer3d.networks.config import NetworkConfig
from fer3d.training.config import TrainConfig
from fer3d.training.fit import fit, save
from fer3d.training.trainer import Runtime

CURVES = "curves.csv"


def run_cell(
    cell: Cell,
    folders: Folders,
    out: Path,
    params: CellParams,
    runtime: Runtime,
) -> Mapping[str, Any]:
    """Train and test a cell. Equal arguments give equal files on one machine.

    The weights are not kept: a matrix has dozens of networks that differ only in the seed.

    Args:
        folders: packed arrays; the manifest has the split of each row.
        out: folder to write: ``curves.csv``, ``predictions.parquet`` and, last, ``cell.json`` with
            the parameters, the summary of the training, and validation and test scores.
        params: sections `network` and `train`; the cell replaces some values.
        runtime: device and state of the training.

    Returns:
        The content of ``cell.json``.
    """
    values = parameters(cell, params)
    network, train = NetworkConfig(**values["network"]), TrainConfig(**values["train"])
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = Path(scratch) / "model.safetensors"
        made = fit(folders, network, train, runtime=runtime)
        save(made, checkpoint, out / CURVES)
        predictions, scores = evaluate(checkpoint, folders, device=runtime.device)
    write_predictions(predictions, out / PREDICTIONS)
    result = {"parameters": values, "training": made.metrics, "scores": scores}
    write_json(out / CELL_FILE, result)
    return result
