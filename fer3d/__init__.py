"""fer3d: facial expression recognition by 3D re-centralization, as a reproducible pipeline."""
