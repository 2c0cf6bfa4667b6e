"""Digests of the modules that a cell uses, so that a cell's lock entry needs to name one file."""

from pathlib import Path

import yaml

from fer3d.files.atomic import write_json
from fer3d.files.digests import sha256_file
from stages import PathOption, run


def main(definition: PathOption, out: PathOption) -> None:
    deps = yaml.safe_load(definition.read_text(encoding="utf-8"))["stages"]["code"]["deps"]
    write_json(out, {name: sha256_file(Path(name)) for name in deps})


if __name__ == "__main__":
    run(main)
