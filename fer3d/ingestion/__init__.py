"""The manifest of a data set: its classes, one row an image, and what was rejected."""
