"""Subcommands of the `fer3d` command."""
