"""The default data set: rendered faces of seven expressions, with their truth beside them."""

from fer3d.synthetic.generate import synthesize
from stages import PathOption, context, run


def main(assets: PathOption, out: PathOption) -> None:
    params, settings = context()
    synthesize(out, assets, params.synthesize, settings)


if __name__ == "__main__":
    run(main)
