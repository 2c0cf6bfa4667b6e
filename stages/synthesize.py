"""Render the default data set: faces of seven expressions, with their ground truth."""

from pathlib import Path

from fer3d.files.atomic import write_json
from fer3d.files.sections import load_section
from fer3d.machine import settings
from fer3d.synthesis.generate import synthesize
from fer3d.synthesis.params import SynthesizeParams, UsedBy
from fer3d.toolbox import Toolbox
from stages import CHECKOUT, PARAMS, PathOption, run


def main(assets: PathOption, out: PathOption, metrics: PathOption) -> None:
    params = load_section(PARAMS, "synthesize", SynthesizeParams)
    source = Path(load_section(PARAMS, "ingest", UsedBy).source)
    if source.resolve().is_relative_to(out.resolve()):
        toolbox = Toolbox(assets, settings=settings.load(CHECKOUT))
        write_json(metrics, synthesize(out, params, toolbox))
    else:
        print(f"synthesize: nothing to render, ingest.source is {source}")
        out.mkdir(parents=True, exist_ok=True)  # DVC expects it
        write_json(metrics, {"images": 0})


if __name__ == "__main__":
    run(main)
