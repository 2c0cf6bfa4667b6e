"""The experiments of paper A as a DVC pipeline of its own; thin scripts, as in ``stages``."""

from pathlib import Path

TIMES = Path(".fer3d/cell-times.json")  # see ``fer3d.experiments.times``
