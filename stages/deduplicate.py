"""Drop copies, near copies and conflicting labels from the manifest, each with a reason."""

from fer3d.cleaning.clean import deduplicate_dataset
from fer3d.cleaning.params import DeduplicateParams
from fer3d.datasets.params import SourceParams
from fer3d.files.atomic import write_json
from fer3d.files.sections import load_section
from fer3d.machine import settings
from stages import CHECKOUT, PARAMS, PathOption, run


def main(manifest: PathOption, out: PathOption, metrics: PathOption) -> None:
    images = load_section(PARAMS, "ingest", SourceParams)
    params, local = load_section(PARAMS, "deduplicate", DeduplicateParams), settings.load(CHECKOUT)
    write_json(metrics, deduplicate_dataset(manifest, images.root, out, params, local))


if __name__ == "__main__":
    run(main)
