"""Paths in a checkout, relative to its top folder; stages get theirs from ``dvc.yaml``."""

from pathlib import Path

TOP = Path()  # where commands run
PARAMS, LOCK = Path("params.yaml"), Path("dvc.lock")
DATA, METRICS, PLOTS = Path("data"), Path("metrics"), Path("plots")
OUTPUTS = (DATA, METRICS, PLOTS)  # what the stages write
MODELS = Path("models")  # models that come with fer3d, and those installed by the user
DEFAULT = "fer2013"  # the recognizer in it that answers unless another is named
PROJECT, PINS = Path("pyproject.toml"), Path("constraints.txt")
DVC_CACHE = Path(".dvc/cache")  # unless DVC is configured otherwise

ASSETS = DATA / "assets"
SYNTHETIC = DATA / "synthetic"
MANIFEST = DATA / "ingest" / "manifest.parquet"
SHADINGS = DATA / "relight"
CHECKPOINT = DATA / "train" / "model.safetensors"
EVALUATION = METRICS / "evaluate.json"

EXPERIMENTS, FOLDS = Path("experiments/dvc.yaml"), Path("experiments/folds/dvc.yaml")
CELLS, TABLES = DATA / "experiments" / "cells", DATA / "experiments" / "tables"
FOLD_CELLS, FOLD_TABLES = DATA / "experiments" / "fold_cells", DATA / "experiments" / "fold_tables"
COMPARED = Path("experiments/compared/dvc.yaml")
COMPARED_FOLDS = Path("experiments/compared/folds/dvc.yaml")
MODEL_CELLS, COMPARISON = DATA / "experiments" / "models", DATA / "experiments" / "comparison"
FOLD_MODELS = DATA / "experiments" / "fold_models"
FOLD_COMPARISON = DATA / "experiments" / "fold_comparison"
CELL_TIMES = Path(".fer3d/cell-times.json")  # see ``fer3d.experiments.times``

_SECTIONS = ("ingest", "align", "reconstruct", "relight")  # of params.yaml
_PACKAGE = Path(__file__).parent
_SHIPPED = _PACKAGE / "shipped"  # made by setup.py in a wheel; does not exist in a checkout


def shipped(path: Path) -> Path:
    """Where a file or folder of the repository lies that wheels contain too.

    Args:
        path: relative to the top folder, ``PARAMS`` or ``MODELS``.

    Returns:
        The absolute path: in the installed package, or in the checkout that the code is in.
    """
    return (_SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent) / path


def params_file() -> Path:
    """``params.yaml`` of the checkout that is the working directory, else the one shipped.

    Other projects that use DVC have a file of this name, without the sections of fer3d.
    """
    return PARAMS if _has_sections(PARAMS) else shipped(PARAMS)


def _has_sections(file: Path) -> bool:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    return all(any(line.startswith(f"{name}:") for line in lines) for name in _SECTIONS)
