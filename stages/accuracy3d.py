"""Errors of the 3D faces of rendered images, and invariance of shading images to pose and light."""

from fer3d.accuracy3d.dataset import MeasuredFolders, accuracy3d_dataset
from fer3d.accuracy3d.invariance import invariance
from fer3d.accuracy3d.params import Accuracy3dParams
from fer3d.datasets.params import SourceParams
from fer3d.files.atomic import write_json
from fer3d.files.sections import load_section, load_sections
from fer3d.inference.pipeline import PipelineParams, make_pipeline
from fer3d.machine import settings
from fer3d.toolbox import Toolbox
from stages import CHECKOUT, PARAMS, PathOption, run


def main(
    aligned: PathOption,
    faces: PathOption,
    shadings: PathOption,
    assets: PathOption,
    metrics: PathOption,
) -> None:
    origin = load_section(PARAMS, "ingest", SourceParams)
    probe = load_section(PARAMS, "accuracy3d", Accuracy3dParams)
    params = load_sections(PARAMS, PipelineParams)
    local = settings.load(CHECKOUT)
    folders = MeasuredFolders(origin.root, aligned, faces, shadings)
    values = accuracy3d_dataset(folders, params.relight, Toolbox(assets, settings=local))
    if values["images"] and probe.people:
        pipeline = make_pipeline(params, Toolbox(assets))
        values["invariance"] = invariance(probe.people, probe.seed, pipeline, local)
    write_json(metrics, values)


if __name__ == "__main__":
    run(main)
