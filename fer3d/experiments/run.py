"""Runs one cell: training, choice of the epoch on validation images, one test."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer3d.evaluation.evaluate import evaluate
from fer3d.evaluation.predictions import write_predictions
from fer3d.experiments.cells import CELL_FILE, PREDICTIONS, Cell, CellParams, configs, parameters
from fer3d.files.atomic import write_json
from fer3d.files.folders import Folders
from fer3d.training.fit import fit

CURVES = "curves.csv"


def run_cell(
    cell: Cell,
    params: CellParams,
    folders: Folders,
    out: Path,
    *,
    state: Path | None = None,
    device: str = "cpu",
) -> Mapping[str, Any]:
    """Train and test a cell. Equal arguments give equal files on one machine.

    The weights are not kept: a matrix has dozens of networks that differ only in the seed.

    Args:
        folders: packed arrays; the manifest has the split of each row.
        out: folder to write: ``curves.csv``, ``predictions.parquet`` and, last, ``cell.json`` with
            the parameters, the summary of the training, and validation and test scores.
        state: folder of training states, to resume an interrupted training; None: it restarts.
        device: cpu | cuda.

    Returns:
        The content of ``cell.json``.
    """
    network, train = configs(cell, params)
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = Path(scratch) / "model.ckpt"
        training = fit(
            folders,
            network,
            train,
            checkpoint=checkpoint,
            curves=out / CURVES,
            state=state,
            device=device,
        )
        predictions, scores = evaluate(checkpoint, folders, device=device)
    write_predictions(predictions, out / PREDICTIONS)
    result = {"parameters": parameters(cell, params), "training": training, "scores": scores}
    write_json(out / CELL_FILE, result)
    return result
