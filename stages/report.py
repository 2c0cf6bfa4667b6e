"""One HTML page about the run, and pictures of samples stage by stage."""

from pathlib import Path

from fer3d.datasets.layout import image_root
from fer3d.evaluation.report import report
from fer3d.evaluation.samples import SampleSources
from fer3d.face3d.topology import load_topology
from stages import PathOption, context, run


def main(
    metrics: PathOption,
    curves: PathOption,
    predictions: PathOption,
    images: PathOption,
    faces: PathOption,
    shadings: PathOption,
    assets: PathOption,
    out: PathOption,
) -> None:
    params, _ = context()
    originals = image_root(Path(params.ingest.source))
    report(
        out,
        metrics=metrics,
        curves=curves,
        predictions=predictions,
        sources=SampleSources(originals, images, faces, shadings),
        triangles=load_topology(assets, 0).triangles,
        samples_per_class=params.report.samples_per_class,
    )


if __name__ == "__main__":
    run(main)
