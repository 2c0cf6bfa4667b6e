"""Duplicates removed, on manifests alone."""
