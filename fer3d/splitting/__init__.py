"""Training, validation and test splits, or folds; reads and writes manifests, not images."""
