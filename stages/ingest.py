"""An image folder or a list becomes a manifest; what is no good image is rejected and counted."""

from pathlib import Path

from fer3d.datasets.ingest import ingest_dataset
from fer3d.files.atomic import write_json
from stages import PathOption, context, run


def main(out: PathOption, metrics: PathOption) -> None:
    params, settings = context()
    result = ingest_dataset(Path(params.ingest.source), out, params.ingest, settings)
    write_json(metrics, result)


if __name__ == "__main__":
    run(main)
