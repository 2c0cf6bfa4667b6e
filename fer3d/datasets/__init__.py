"""Image data sets on disk: the known layouts."""
