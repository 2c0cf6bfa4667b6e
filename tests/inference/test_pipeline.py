"""Align, reconstruct and relight give the same for one image and for the batches of the stages."""

import hashlib
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pngs import write_png

from fer3d.alignment.align import align_dataset
from fer3d.datasets.params import SourceParams
from fer3d.files import manifest
from fer3d.files.images import load_image
from fer3d.files.packed import open_arrays
from fer3d.inference.pipeline import Pipeline, PipelineParams, make_pipeline
from fer3d.machine.settings import Settings
from fer3d.reconstruction.reconstruct import reconstruct_dataset
from fer3d.reconstruction.reconstructor import Reason
from fer3d.relighting.relight import relight_dataset
from fer3d.toolbox import Toolbox


@pytest.fixture(scope="module")
def pipeline(defaults, assets_dir) -> Pipeline:
    return make_pipeline(defaults.part(PipelineParams), Toolbox(assets_dir))


def test_an_image_gets_what_the_stages_give_its_file(
    pipeline, defaults, assets_dir, face, two_faces, grey, tmp_path: Path
):
    files = _write(tmp_path, {"a.png": face, "b.png": two_faces, "c.png": grey})
    aligned, found, relit = (tmp_path / name for name in ("align", "reconstruct", "relight"))
    local = Settings(workers=1, device="cpu", store="none")
    table, run = tmp_path / "split.parquet", defaults
    origin = SourceParams(source=str(tmp_path), max_pixels=run.ingest.max_pixels)
    toolbox = Toolbox(assets_dir, settings=local)
    align_dataset(table, origin, aligned, run.align, toolbox)
    reconstruct_dataset(aligned, found, run.reconstruct, toolbox)
    relight_dataset(found, relit, run.relight, toolbox)
    stored = open_arrays(aligned) | open_arrays(found) | open_arrays(relit, "shading", "mask")
    faces = pipeline.central_faces([load_image(file) for file in files])
    for row, (one, shading) in enumerate(zip(faces, pipeline.relight(faces), strict=True)):
        made = vars(one.aligned) | vars(one.reconstruction) | vars(shading)
        made |= {"images": one.aligned.image, "visible": np.packbits(one.reconstruction.visible)}
        made["reason"] = np.uint8(list(Reason).index(one.reconstruction.reason))
        for name, values in stored.items():
            assert np.asarray(made[name]).tobytes() == values[row].tobytes(), name
    assert [one.reconstruction.reason for one in faces] == ["", "", "no_face"]


def test_faces_do_not_depend_on_the_images_beside_them(pipeline, face, two_faces, grey):
    images = [two_faces, grey, face, two_faces]
    for image, together in zip(images, pipeline.all_faces(images), strict=True):
        (alone,) = pipeline.all_faces([image])
        assert list(map(pickle.dumps, together)) == list(map(pickle.dumps, alone))


def test_all_faces_come_the_largest_first_and_the_central_one_is_among_them(pipeline, two_faces):
    (faces,) = pipeline.all_faces([two_faces])
    (central,) = pipeline.central_faces([two_faces])
    left, right = (face.aligned.box_source for face in faces)
    assert left[2] > right[2] and left[0] < 256 < right[0]
    assert {face.aligned.faces_found for face in (*faces, central)} == {2}
    assert pickle.dumps(central) == pickle.dumps(faces[0])


def test_without_a_face_there_are_none_or_the_whole_image(pipeline, grey):
    assert pipeline.all_faces([grey, grey]) == [[], []]
    (whole,) = pipeline.central_faces([grey])
    assert whole.aligned.detection == "" and whole.aligned.faces_found == 0
    (black,) = pipeline.relight([whole])
    assert not black.shading.any() and not black.mask.any()


def test_where_a_face_lies_in_the_source_does_not_depend_on_the_crop(pipeline, face):
    pipeline = replace(pipeline, aligner=replace(pipeline.aligner, dtype=np.float64))
    wide = replace(pipeline, aligner=replace(pipeline.aligner, size=140, crop=2.1))
    (one,), (other,) = pipeline.central_faces([face]), wide.central_faces([face])
    assert np.abs(one.landmarks_source - other.landmarks_source)[:, :2].max() < 3  # px of 90
    assert np.abs(one.vertices_source - other.vertices_source)[:, :2].max() < 3
    assert np.abs(one.pose_source - other.pose_source).max() < 2  # degrees
    x, y, width, height = one.aligned.box_source
    middle = one.vertices_source[:, :2].mean(axis=0)
    assert x < middle[0] < x + width and y < middle[1] < y + height


def test_workers_get_a_small_pipeline_and_the_same_faces(pipeline, face):
    sent = pickle.dumps(pipeline)
    assert len(sent) < 10_000  # networks are loaded where they are used
    there = pickle.loads(sent).central_faces([face])
    assert pickle.dumps(there) == pickle.dumps(pipeline.central_faces([face]))


def _write(folder: Path, images: dict[str, np.ndarray]) -> list[Path]:
    """Image files, and the manifest that `split` would write of them."""
    files = [folder / name for name in images]
    for file, image in zip(files, images.values(), strict=True):
        write_png(file, image)
    frame = pd.DataFrame({"id": list(images), "path": list(images), "label": "x"})
    frame["sha1"] = [hashlib.sha1(file.read_bytes()).hexdigest() for file in files]
    frame = frame.assign(split="train", subject=None)
    frame["width"] = [image.shape[1] for image in images.values()]
    frame["height"] = [image.shape[0] for image in images.values()]
    manifest.write(frame, folder / "split.parquet")
    return files
