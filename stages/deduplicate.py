"""Exact copies and contradicting labels leave the manifest, each with a reason."""

from fer3d.cleaning.duplicates import deduplicate
from fer3d.cleaning.params import DeduplicateParams
from fer3d.files import manifest as manifests
from fer3d.files.atomic import write_json
from fer3d.sections import load_section
from stages import PARAMS, PathOption, run


def main(manifest: PathOption, out: PathOption, metrics: PathOption) -> None:
    params = load_section(PARAMS, "deduplicate", DeduplicateParams)
    kept, dropped, result = deduplicate(manifests.read(manifest), params)
    manifests.write(dropped, out / "dropped.parquet")
    manifests.write(kept, out / "manifest.parquet")
    write_json(metrics, result)


if __name__ == "__main__":
    run(main)
