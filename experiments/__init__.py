"""The experiments of paper A as a separate DVC pipeline, with short scripts as in ``stages``."""

from pathlib import Path

TIMES = Path(".fer3d/cell-times.json")  # see ``fer3d.experiments.times``
