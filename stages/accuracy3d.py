"""3D faces against the truth of rendered images, and how little a shading image shows of pose."""

from pathlib import Path

from fer3d.accuracy3d.dataset import Folders, accuracy3d_dataset
from fer3d.accuracy3d.invariance import invariance
from fer3d.accuracy3d.params import Accuracy3dParams
from fer3d.datasets.layout import image_root
from fer3d.datasets.params import SourceParams
from fer3d.files.atomic import write_json
from fer3d.inference.pipeline import PipelineParams, make_pipeline
from fer3d.machine import settings
from fer3d.sections import load_section, load_sections
from stages import CHECKOUT, PARAMS, PathOption, run


def main(
    aligned: PathOption,
    faces: PathOption,
    shadings: PathOption,
    assets: PathOption,
    metrics: PathOption,
) -> None:
    source = load_section(PARAMS, "ingest", SourceParams).source
    probe = load_section(PARAMS, "accuracy3d", Accuracy3dParams)
    params, local = load_sections(PARAMS, PipelineParams), settings.load(CHECKOUT)
    folders = Folders(image_root(Path(source)), aligned, faces, shadings)
    values = accuracy3d_dataset(folders, assets, params.relight, local)
    if values["images"] and probe.people:
        pipeline = make_pipeline(params, assets)
        values["invariance"] = invariance(probe.people, probe.seed, pipeline, local)
    write_json(metrics, values)


if __name__ == "__main__":
    run(main)
