"""Divide the images into training, validation and test splits."""

from fer3d.files import manifest as manifests
from fer3d.files.atomic import write_json
from fer3d.files.sections import load_section
from fer3d.splitting.params import SplitParams
from fer3d.splitting.splits import split
from stages import PARAMS, PathOption, run


def main(manifest: PathOption, out: PathOption, metrics: PathOption) -> None:
    params = load_section(PARAMS, "split", SplitParams)
    frame, result = split(manifests.read(manifest), params)
    manifests.write(frame, out)
    write_json(metrics, result)


if __name__ == "__main__":
    run(main)
