"""Reconstruct a re-centralized 3D face, 68 landmarks, pose and visibility from each image."""

from fer3d.files.atomic import write_json
from fer3d.files.sections import load_section
from fer3d.machine import settings
from fer3d.reconstruction.params import ReconstructParams
from fer3d.reconstruction.reconstruct import reconstruct_dataset
from fer3d.toolbox import Toolbox
from stages import CHECKOUT, PARAMS, PathOption, run


def main(
    source: PathOption,
    assets: PathOption,
    models: PathOption,
    out: PathOption,
    metrics: PathOption,
) -> None:
    params = load_section(PARAMS, "reconstruct", ReconstructParams)
    toolbox = Toolbox(assets, models, settings.load(CHECKOUT))
    write_json(metrics, reconstruct_dataset(source, out, params, toolbox))


if __name__ == "__main__":
    run(main)
