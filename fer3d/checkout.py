"""Paths in a checkout, relative to its top folder; stages get theirs from ``dvc.yaml``."""

from pathlib import Path

TOP = Path()  # where commands run
PARAMS = Path("params.yaml")
DATA, METRICS, PLOTS = Path("data"), Path("metrics"), Path("plots")
OUTPUTS = (DATA, METRICS, PLOTS)  # what the stages write
MODELS = Path("models")  # installed by the user
PROJECT, PINS = Path("pyproject.toml"), Path("constraints.txt")
DVC_CACHE = Path(".dvc/cache")  # unless DVC is configured otherwise

ASSETS = DATA / "assets"
SYNTHETIC = DATA / "synthetic"
MANIFEST = DATA / "ingest" / "manifest.parquet"
SHADINGS = DATA / "relight"
CHECKPOINT = DATA / "train" / "model.ckpt"
EVALUATION = METRICS / "evaluate.json"

EXPERIMENTS, FOLDS = Path("experiments/dvc.yaml"), Path("experiments/folds/dvc.yaml")
CELLS, TABLES = DATA / "experiments" / "cells", DATA / "experiments" / "tables"
FOLD_CELLS, FOLD_TABLES = DATA / "experiments" / "fold_cells", DATA / "experiments" / "fold_tables"
