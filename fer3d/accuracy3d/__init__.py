"""Errors of reconstructed faces, and how much shading images depend on pose and light."""
