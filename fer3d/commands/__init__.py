"""The groups of the `fer3d` command, one module each."""
