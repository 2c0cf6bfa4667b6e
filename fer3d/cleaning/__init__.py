"""Removal of duplicates and near copies."""
