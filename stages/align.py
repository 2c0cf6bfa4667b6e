"""Faces are found, their eyes levelled, cropped and resized; what was not found is counted."""

from pathlib import Path

from fer3d.alignment.align import align_dataset, check_found
from fer3d.alignment.params import AlignStageParams
from fer3d.datasets.layout import image_root
from fer3d.datasets.params import SourceParams
from fer3d.files.atomic import write_json
from fer3d.machine import settings
from fer3d.sections import load_section
from stages import CHECKOUT, PARAMS, PathOption, run


def main(manifest: PathOption, assets: PathOption, out: PathOption, metrics: PathOption) -> None:
    images = load_section(PARAMS, "ingest", SourceParams)
    params, local = load_section(PARAMS, "align", AlignStageParams), settings.load(CHECKOUT)
    root, limit = image_root(Path(images.source)), images.max_pixels
    found = align_dataset(manifest, root, out, assets, params, local, limit)
    write_json(metrics, found)
    check_found(found, params)


if __name__ == "__main__":
    run(main)
