"""The images and faces that the entries process: evenly chosen rows of the stages' outputs."""

from pathlib import Path

import numpy as np

from benchmarks.pairs import Options
from fer3d.files.packed import open_arrays, read_manifest
from fer3d.files.sections import load_sections
from fer3d.inference.pipeline import PipelineParams
from fer3d.toolbox import Toolbox

PARAMS = Path(__file__).parent.parent / "params.yaml"


def rows_of(folder: Path, count: int) -> np.ndarray:
    """Rows of a packed folder whose face was reconstructed, or any where that is not known."""
    if not (folder / "manifest.parquet").is_file():
        raise SystemExit(f"{folder} is missing: run `dvc repro relight`, or give --data")
    frame = read_manifest(folder)
    known = frame["reconstructed"].to_numpy() if "reconstructed" in frame else np.ones(len(frame))
    rows = np.flatnonzero(known)
    return rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int)]


def read_rows(folder: Path, count: int, *names: str) -> dict[str, np.ndarray]:
    """Some rows of a packed folder's arrays, in memory."""
    rows = rows_of(folder, count)
    return {name: np.array(array[rows]) for name, array in open_arrays(folder, *names).items()}


def toolbox(options: Options) -> Toolbox:
    """The model files beside the data."""
    return Toolbox(options.data / "assets")


def params() -> PipelineParams:
    """The parameters of the checkout."""
    return load_sections(PARAMS, PipelineParams)
