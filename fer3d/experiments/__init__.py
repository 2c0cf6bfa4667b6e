"""The experiments of paper A: every configuration over seeds or folds, and their tables."""
