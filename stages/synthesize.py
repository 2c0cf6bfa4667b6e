"""The default data set: rendered faces of seven expressions, with their truth beside them."""

from fer3d.machine import settings
from fer3d.sections import load_section
from fer3d.synthesis.generate import synthesize
from fer3d.synthesis.params import SynthesizeParams
from fer3d.toolbox import Toolbox
from stages import CHECKOUT, PARAMS, PathOption, run


def main(assets: PathOption, out: PathOption) -> None:
    params = load_section(PARAMS, "synthesize", SynthesizeParams)
    synthesize(out, params, Toolbox(assets, settings=settings.load(CHECKOUT)))


if __name__ == "__main__":
    run(main)
