"""Write digests of the modules that a cell uses, so that a cell depends on this one file."""

from pathlib import Path

from fer3d.experiments.imports import used_modules
from fer3d.files.atomic import write_json
from fer3d.files.digests import sha256_file
from stages import CHECKOUT, PathOption, run

CELL = CHECKOUT / "experiments" / "cell.py"


def main(out: PathOption) -> None:
    modules = used_modules(CELL, CHECKOUT)
    write_json(out, {name: sha256_file(Path(name)) for name in modules})


if __name__ == "__main__":
    run(main)
