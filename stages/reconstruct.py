"""A 3D face, 68 landmarks, pose and visibility from each image, re-centralized."""

from fer3d.face3d.reconstruct import reconstruct_dataset
from fer3d.files.atomic import write_json
from stages import PathOption, context, run


def main(
    source: PathOption,
    assets: PathOption,
    models: PathOption,
    out: PathOption,
    metrics: PathOption,
) -> None:
    params, settings = context()
    result = reconstruct_dataset(source, out, assets, params.reconstruct, settings, models)
    write_json(metrics, result)


if __name__ == "__main__":
    run(main)
