"""Write an HTML page about the run, with samples of each stage."""

from fer3d.datasets.params import SourceParams
from fer3d.files.packed import open_arrays
from fer3d.files.sections import load_section
from fer3d.reconstruction.surfaces import drawn_triangles
from fer3d.reporting.params import ReportParams
from fer3d.reporting.report import RunFiles, report
from fer3d.reporting.samples import SampleSources
from fer3d.toolbox import Toolbox
from stages import PARAMS, PathOption, run


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
    params = load_section(PARAMS, "report", ReportParams)
    originals = load_section(PARAMS, "ingest", SourceParams).root
    vertices = open_arrays(faces, "vertices_image")["vertices_image"].shape[1]
    triangles = drawn_triangles(vertices, Toolbox(assets, models))
    sources = SampleSources(originals, images, faces, shadings)
    report(RunFiles(metrics, curves, predictions), sources, triangles, out, params)


if __name__ == "__main__":
    run(main)
