"""The images of one fold of a cross validation: split, balanced, reconstructed, relit."""

from fer3d.experiments.folds import Models, make_fold
from stages import PathOption, context, run


def main(
    fold: int, align: PathOption, assets: PathOption, models: PathOption, out: PathOption
) -> None:
    params, settings = context()
    make_fold(align, out, fold, params, settings, Models(assets, models))


if __name__ == "__main__":
    run(main)
