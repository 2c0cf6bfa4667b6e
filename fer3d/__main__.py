"""``python -m fer3d``: the ``fer3d`` command."""

from fer3d.cli import app

if __name__ == "__main__":
    app()
