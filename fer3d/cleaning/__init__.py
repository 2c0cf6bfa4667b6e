"""Duplicates removed and splits made, on manifests alone."""
