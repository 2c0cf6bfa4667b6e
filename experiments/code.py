"""Write digests of the modules that a script of cells uses, so that a cell depends on one file."""

from pathlib import Path

from fer3d.experiments.imports import used_modules
from fer3d.files.atomic import write_json
from fer3d.files.digests import sha256_file
from stages import CHECKOUT, PathOption, run


def main(out: PathOption, script: str = "cell") -> None:
    modules = used_modules(CHECKOUT / "experiments" / f"{script}.py", CHECKOUT)
    write_json(out, {name: sha256_file(Path(name)) for name in modules})


if __name__ == "__main__":
    run(main)
