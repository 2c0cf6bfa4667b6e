"""Detect faces, level the eyes, crop and resize; count images without a face."""

from fer3d.alignment.align import align_dataset, check_found
from fer3d.alignment.params import AlignStageParams
from fer3d.datasets.params import SourceParams
from fer3d.files.atomic import write_json
from fer3d.files.sections import load_section
from fer3d.machine import settings
from fer3d.toolbox import Toolbox
from stages import CHECKOUT, PARAMS, PathOption, run


def main(manifest: PathOption, assets: PathOption, out: PathOption, metrics: PathOption) -> None:
    origin = load_section(PARAMS, "ingest", SourceParams)
    params = load_section(PARAMS, "align", AlignStageParams)
    toolbox = Toolbox(assets, settings=settings.load(CHECKOUT))
    found = align_dataset(manifest, origin, out, params, toolbox)
    write_json(metrics, found)
    check_found(found, params)


if __name__ == "__main__":
    run(main)
