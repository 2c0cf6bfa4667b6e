"""Compute normals from nearest neighbours and a shading image of each face, lit from the front."""

from fer3d.files.atomic import write_json
from fer3d.files.sections import load_section
from fer3d.machine import settings
from fer3d.relighting.params import RelightParams
from fer3d.relighting.relight import relight_dataset
from fer3d.toolbox import Toolbox
from stages import CHECKOUT, PARAMS, PathOption, run


def main(
    source: PathOption,
    assets: PathOption,
    models: PathOption,
    out: PathOption,
    metrics: PathOption,
) -> None:
    params = load_section(PARAMS, "relight", RelightParams)
    toolbox = Toolbox(assets, models, settings.load(CHECKOUT))
    write_json(metrics, relight_dataset(source, out, params, toolbox))


if __name__ == "__main__":
    run(main)
