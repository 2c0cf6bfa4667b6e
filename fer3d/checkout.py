"""Where things lie in a checkout, from its top folder; ``dvc.yaml`` tells the stages theirs."""

from pathlib import Path

TOP = Path()  # commands run there
PARAMS = Path("params.yaml")
DATA, METRICS, PLOTS = Path("data"), Path("metrics"), Path("plots")
OUTPUTS = (DATA, METRICS, PLOTS)  # what the stages write
MODELS = Path("models")  # brought by the user
PROJECT, PINS = Path("pyproject.toml"), Path("constraints.txt")
DVC_CACHE = Path(".dvc/cache")  # unless DVC is told another

ASSETS = DATA / "assets"
SYNTHETIC = DATA / "synthetic"
MANIFEST = DATA / "ingest" / "manifest.parquet"
SHADINGS = DATA / "relight"
CHECKPOINT = DATA / "train" / "model.ckpt"
EVALUATION = METRICS / "evaluate.json"

EXPERIMENTS, FOLDS = Path("experiments/dvc.yaml"), Path("experiments/folds/dvc.yaml")
CELLS, TABLES = DATA / "experiments" / "cells", DATA / "experiments" / "tables"
FOLD_CELLS, FOLD_TABLES = DATA / "experiments" / "fold_cells", DATA / "experiments" / "fold_tables"
