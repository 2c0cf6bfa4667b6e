"""The experiments of paper A as a DVC pipeline of its own; thin scripts, as in ``stages``."""
