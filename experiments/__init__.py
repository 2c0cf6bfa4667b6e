"""The experiments of paper A as a separate DVC pipeline, with short scripts as in ``stages``."""

from fer3d.checkout import CELL_TIMES as TIMES  # noqa: F401
