"""The experiments of paper A: configurations over seeds or folds, and their tables."""
