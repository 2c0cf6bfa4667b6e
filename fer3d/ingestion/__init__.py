"""The manifest of a data set: classes, one row per image, rejected files."""
