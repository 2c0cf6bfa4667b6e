"""Faces are found, their eyes levelled, cropped and resized; what was not found is counted."""

from pathlib import Path

from fer3d.alignment.align import align_dataset
from fer3d.datasets.layout import image_root
from fer3d.files.atomic import write_json
from stages import PathOption, context, run


def main(manifest: PathOption, assets: PathOption, out: PathOption, metrics: PathOption) -> None:
    params, settings = context()
    root = image_root(Path(params.ingest.source))
    limit = params.ingest.max_pixels
    result = align_dataset(manifest, root, out, assets, params.align, settings, limit)
    write_json(metrics, result)


if __name__ == "__main__":
    run(main)
