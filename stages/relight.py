"""Normals from nearest neighbours, and a shading image of each face, lit from the front."""

from fer3d.face3d.relight import relight_dataset
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
    write_json(metrics, relight_dataset(source, out, assets, params.relight, settings, models))


if __name__ == "__main__":
    run(main)
