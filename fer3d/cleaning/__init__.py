"""Removal of duplicates; reads and writes manifests, not images."""
