"""Split, balance, reconstruct and relight the images of one fold of a cross validation."""

from fer3d.experiments.folds import FoldParams, make_fold
from fer3d.files.sections import load_sections
from fer3d.machine import settings
from fer3d.toolbox import Toolbox
from stages import CHECKOUT, PARAMS, PathOption, run


def main(
    fold: int, align: PathOption, assets: PathOption, models: PathOption, out: PathOption
) -> None:
    params = load_sections(PARAMS, FoldParams)
    toolbox = Toolbox(assets, models, settings.load(CHECKOUT))
    make_fold(align, fold, out, params, toolbox)


if __name__ == "__main__":
    run(main)
