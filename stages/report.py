"""One HTML page about the run, and pictures of samples stage by stage."""

from pathlib import Path

from fer3d.datasets.layout import image_root
from fer3d.evaluation.report import report
from fer3d.evaluation.samples import SampleSources
from fer3d.face3d.surfaces import drawn_triangles
from fer3d.files.packed import open_arrays
from stages import PathOption, context, run


def main(
    metrics: PathOption,
    curves: PathOption,
    predictions: PathOption,
    images: PathOption,
    faces: PathOption,
    shadings: PathOption,
    assets: PathOption,
    models: PathOption,
    out: PathOption,
) -> None:
    params, _ = context()
    originals = image_root(Path(params.ingest.source))
    vertices = open_arrays(faces, "vertices_image")["vertices_image"].shape[1]
    report(
        out,
        metrics=metrics,
        curves=curves,
        predictions=predictions,
        sources=SampleSources(originals, images, faces, shadings),
        triangles=drawn_triangles(vertices, assets, models),
        samples_per_class=params.report.samples_per_class,
    )


if __name__ == "__main__":
    run(main)
