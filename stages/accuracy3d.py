"""3D faces against the truth of rendered images, and how little a shading image shows of pose."""

from pathlib import Path

from fer3d.accuracy3d.dataset import Folders, accuracy3d_dataset
from fer3d.accuracy3d.invariance import invariance
from fer3d.datasets.layout import image_root
from fer3d.files.atomic import write_json
from fer3d.inference.pipeline import make_pipeline
from stages import PathOption, context, run


def main(
    aligned: PathOption,
    faces: PathOption,
    shadings: PathOption,
    assets: PathOption,
    metrics: PathOption,
) -> None:
    params, settings = context()
    folders = Folders(image_root(Path(params.ingest.source)), aligned, faces, shadings)
    values = accuracy3d_dataset(folders, assets, params.relight, settings)
    probe = params.accuracy3d
    if values["images"] and probe.people:
        pipeline = make_pipeline(params.align, params.reconstruct, params.relight, assets)
        values["invariance"] = invariance(probe.people, probe.seed, pipeline, settings)
    write_json(metrics, values)


if __name__ == "__main__":
    run(main)
