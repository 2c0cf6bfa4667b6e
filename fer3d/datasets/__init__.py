"""Image data sets on disk: the known layouts, and the manifest made out of them."""
