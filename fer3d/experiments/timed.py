"""Runs a cell for its script: notes the time for later estimates, and prints the score."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fer3d.checkout import CELL_TIMES
from fer3d.experiments.cells import Cell, CellParams
from fer3d.experiments.times import note
from fer3d.files.folders import Folders
from fer3d.machine.settings import Settings
from fer3d.training.trainer import Runtime

Run = Callable[[Cell, Folders, Path, CellParams, Runtime], Mapping[str, Any]]


def run_timed(
    run: Run, cell: Cell, folders: Folders, out: Path, params: CellParams, settings: Settings
) -> None:
    """Run a cell on one device, note how long it took, and print its validation accuracy.

    Args:
        run: ``run.run_cell`` or ``run_model.run_model``.
        cell: the cell.
        folders: packed arrays; the manifest has the split of each row.
        out: folder to write.
        params: the sections that a cell depends on.
        settings: device, and the folder of training states.
    """
    runtime = Runtime(settings.torch_device(), state=settings.state_folder)
    start = time.monotonic()
    result = run(cell, folders, out, params, runtime)
    note(CELL_TIMES, cell, time.monotonic() - start, params)
    accuracy = result["scores"]["validation"]["accuracy"]
    preset = cell.configuration.preset
    print(f"{cell.title}, {preset}: validation accuracy {accuracy:.3f}", flush=True)
