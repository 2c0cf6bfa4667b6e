"""The images of one fold of a cross validation: split, balanced, reconstructed, relit."""

from fer3d.experiments.folds import FoldParams, Models, make_fold
from fer3d.machine import settings
from fer3d.sections import load_sections
from stages import CHECKOUT, PARAMS, PathOption, run


def main(
    fold: int, align: PathOption, assets: PathOption, models: PathOption, out: PathOption
) -> None:
    params, local = load_sections(PARAMS, FoldParams), settings.load(CHECKOUT)
    make_fold(align, out, fold, params, local, Models(assets, models))


if __name__ == "__main__":
    run(main)
