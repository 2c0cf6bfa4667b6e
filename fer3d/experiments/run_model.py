"""Runs one cell of a compared model: training, choices on validation images, one test."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import fer3d.comparison
import fer3d.networks.compared
import fer3d.splitting
from fer3d.comparison.fit import fit_compared
from fer3d.comparison.steps import Setting
from fer3d.evaluation.evaluate import evaluate_network
from fer3d.evaluation.predictions import write_predictions
from fer3d.experiments.cells import CELL_FILE, PREDICTIONS, Cell, CellParams, parameters
from fer3d.experiments.models import ModelSetup
from fer3d.files.atomic import write_json, write_text
from fer3d.files.digests import code_digests
from fer3d.files.folders import Folders
from fer3d.rowwise.versions import versions
from fer3d.training.arrays import open_set
from fer3d.training.resume import OPTIONAL, state_file
from fer3d.training.trainer import Runtime, has_bfloat16


def run_model(
    cell: Cell, folders: Folders, out: Path, params: CellParams, runtime: Runtime
) -> Mapping[str, Any]:
    """Train and test a compared model. Equal arguments give equal files on one machine.

    The weights are not kept.

    Args:
        cell: with a ``ModelSetup``.
        folders: packed arrays; the manifest has the split of each row.
        out: folder to write: ``curves-<step>.csv`` for each step of the training,
            ``predictions.parquet`` and, last, ``cell.json`` with the parameters, the summary of the
            training, and validation and test scores.
        params: section `train`; the cell replaces some values.
        runtime: device and state of the training.

    Returns:
        The content of ``cell.json``.

    Raises:
        UserError: see ``fit_compared`` and ``evaluate_network``.
    """
    setup, values = cell.configuration, parameters(cell, params)
    if not isinstance(setup, ModelSetup):
        raise ValueError(f"expected a cell of a compared model, got {cell.title}")
    arrays, states = open_set(folders), states_folder(folders, values, runtime)
    train = setup.train(cell.seed, params)
    own = replace(runtime, state=states, devices=1)
    made = fit_compared(setup.model, arrays, Setting(setup.preset, train, runtime=own))
    network = made.network.to(runtime.device)
    predictions, scores = evaluate_network(network, made.classes, arrays, device=runtime.device)
    for step, curves in made.curves.items():
        write_text(out / f"curves-{step}.csv", curves)
    write_predictions(predictions, out / PREDICTIONS)
    result = {"parameters": values, "training": dict(made.training), "scores": scores}
    write_json(out / CELL_FILE, result)
    if states:
        shutil.rmtree(states, ignore_errors=True)
    return result


def states_folder(folders: Folders, values: Mapping[str, Any], runtime: Runtime) -> Path | None:
    """The folder of a training's states, one for each step; None if no states are kept.

    Args:
        folders: the packed arrays; their bytes are read.
        values: all parameters of the cell.
        runtime: its ``state`` is the parent folder.
    """
    if runtime.state is None:
        return None
    code = code_digests(fer3d.comparison, fer3d.networks.compared, fer3d.splitting)
    code |= versions(["scikit-learn"])  # divides images, and trains the SVM
    network = {name: False for name, _ in OPTIONAL}  # arrays that no compared model reads
    device = {"device": runtime.device, "bfloat16": has_bfloat16(runtime.device)}
    configuration = {**values, **device, "network": network, "code": code}
    return state_file(runtime.state, folders, configuration).with_suffix("")
