"""Train, validation and test, or folds; on manifests alone."""
