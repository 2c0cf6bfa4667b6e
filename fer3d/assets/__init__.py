"""Model files: their sources, checksums and licences."""
