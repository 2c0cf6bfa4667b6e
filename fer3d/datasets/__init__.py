"""Layouts of image data sets on disk."""
