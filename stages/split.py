"""Train, validation and test; validation is carved out of the training images."""

from fer3d.cleaning.splits import split
from fer3d.files import manifest as manifests
from fer3d.files.atomic import write_json
from stages import PathOption, context, run


def main(manifest: PathOption, out: PathOption, metrics: PathOption) -> None:
    params, _ = context()
    frame, result = split(manifests.read(manifest), params.split)
    manifests.write(frame, out)
    write_json(metrics, result)


if __name__ == "__main__":
    run(main)
