"""The experiments of paper A as a separate DVC pipeline, with short scripts as in ``stages``."""
