"""Make the manifest of an image folder, list or archive; reject and count unusable images."""

from pathlib import Path

from fer3d.datasets.params import KEPT
from fer3d.files.atomic import write_json
from fer3d.files.sections import load_section
from fer3d.ingestion.ingest import ingest_dataset
from fer3d.ingestion.params import IngestParams
from fer3d.machine import settings
from stages import CHECKOUT, PARAMS, PathOption, run


def main(out: PathOption, metrics: PathOption) -> None:
    params, local = load_section(PARAMS, "ingest", IngestParams), settings.load(CHECKOUT)
    write_json(metrics, ingest_dataset(Path(params.source), out, params, local, KEPT))


if __name__ == "__main__":
    run(main)
