"""Exact copies and contradicting labels leave the manifest, each with a reason."""

from fer3d.cleaning.duplicates import deduplicate
from fer3d.files import manifest as manifests
from fer3d.files.atomic import write_json
from stages import PathOption, context, run


def main(manifest: PathOption, out: PathOption, metrics: PathOption) -> None:
    params, _ = context()
    kept, dropped, result = deduplicate(manifests.read(manifest), params.deduplicate)
    manifests.write(dropped, out / "dropped.parquet")
    manifests.write(kept, out / "manifest.parquet")
    write_json(metrics, result)


if __name__ == "__main__":
    run(main)
