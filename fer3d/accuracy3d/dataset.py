"""The stage `accuracy3d` and its command: errors on images with a ground truth."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from fer3d.accuracy3d.compare import FaceErrors, compare, summarize
from fer3d.accuracy3d.truth import FOLDER, Truths, find_truth, topology_of
from fer3d.errors import UserError
from fer3d.files import images
from fer3d.files.packed import open_arrays, read_manifest
from fer3d.inference.pipeline import Pipeline
from fer3d.machine.ordered_map import batches, map_ordered
from fer3d.machine.settings import Settings
from fer3d.reconstruction.landmarks import mesh_landmarks
from fer3d.reconstruction.reconstructor import Reason, Reconstruction
from fer3d.reconstruction.topology import VERTICES, Topology, load_topology
from fer3d.relighting.params import RelightParams
from fer3d.relighting.relight import subdivisions_of
from fer3d.relighting.shading import ShadingImage
from fer3d.toolbox import Toolbox

BATCH = 16  # faces per task
FACE = ("vertices_image", "vertices_face", "landmarks_image", "rotation", "pose")
NOTHING = {"images": 0}


@dataclass(frozen=True)
class MeasuredFolders:
    """Outputs of the stages; rows of the packed folders correspond.

    Attributes:
        images: folder of the images; the folder `truth` beside it has the ground truth.
        aligned: packed folder with ``aligned_from_image``.
        faces: packed folder that `reconstruct` wrote.
        shadings: packed folder that `relight` wrote.
    """

    images: Path
    aligned: Path
    faces: Path
    shadings: Path


def accuracy3d_dataset(
    folders: MeasuredFolders, params: RelightParams, toolbox: Toolbox
) -> dict[str, Any]:
    """Compare the outputs of the stages with the ground truth.

    Noisy copies are left out; their ground truth is that of their source.

    Args:
        folders: images, and the outputs of the stages.
        params: of the shading images.
        toolbox: model files and workers.

    Returns:
        Metrics: images (originals with a ground truth), reconstructed (of them), and those of
        ``compare.summarize``. ``{"images": 0}`` if there is no ground truth, as for real photos, or
        if the faces do not have the 468 vertices of the ground truth.
    """
    log = logging.getLogger(__name__)
    truth = find_truth(folders.images)
    if truth is None:
        log.info("accuracy3d: no ground truth beside %s, nothing to measure", folders.images)
        return NOTHING
    if open_arrays(folders.faces, FACE[0])[FACE[0]].shape[1] != VERTICES:
        log.info("accuracy3d: ground truth only for facemesh's vertices, nothing to measure")
        return NOTHING
    bits = open_arrays(folders.faces, "visible")["visible"].shape[1]
    frame, truths = read_manifest(folders.faces), Truths.open(truth)
    rows = truths.rows(frame["path"], frame["sha1"])
    known = np.flatnonzero((rows >= 0) & (frame["noise"] == "").to_numpy())
    found = known[frame["reconstructed"].to_numpy()[known]]
    topology = partial(load_topology, toolbox.assets, subdivisions_of(bits, toolbox.assets))
    work = partial(_compare_rows, folders, truth, topology, params)
    parts = batches(len(found), BATCH)
    tasks = [(found[list(part)], rows[found[list(part)]]) for part in parts]
    return _metrics(len(known), _run(work, tasks, toolbox.settings, list(map(len, parts))))


def accuracy3d_folder(folder: Path, pipeline: Pipeline, settings: Settings) -> dict[str, Any]:
    """Run the pipeline on a rendered data set and compare with its ground truth.

    Args:
        folder: with `images` and `truth`, as the stage `synthesize` writes it.
        pipeline: the pipeline to measure.
        settings: workers.

    Returns:
        Metrics as in ``accuracy3d_dataset``; copies among the images are left out.

    Raises:
        UserError: no ground truth, or not for the vertices of the pipeline's backend.
    """
    topology_of(pipeline)
    truth = find_truth(folder / "images")
    if truth is None:
        raise UserError(
            f"{folder} has no folder {FOLDER!r}, nothing to compare with: run `dvc repro "
            "synthesize`, or name a folder of rendered images with ground truth"
        )
    frame = Truths.open(truth).frame
    originals = np.flatnonzero(frame["id"] == frame["source_id"])
    tasks = [originals[list(part)] for part in batches(len(originals), BATCH)]
    work = partial(_compare_images, folder / "images", truth, pipeline)
    return _metrics(len(originals), _run(work, tasks, settings, list(map(len, tasks))))


def _run(
    work: Any, tasks: Sequence[Any], settings: Settings, weights: Sequence[int]
) -> list[FaceErrors]:
    done = map_ordered(work, tasks, settings=settings, description="accuracy3d", weights=weights)
    return list(chain.from_iterable(done))


def _compare_rows(
    folders: MeasuredFolders,
    truth: Path,
    load: Callable[[], Topology],
    params: RelightParams,
    task: tuple[np.ndarray, np.ndarray],
) -> list[FaceErrors]:
    """Compare rows of the packed folders with rows of the ground truth, in a worker process."""
    topology, truths = load(), Truths.open(truth)
    arrays = open_arrays(folders.faces, *FACE, "visible", "presence")
    relit = open_arrays(folders.shadings, "shading", "mask")
    affines = open_arrays(folders.aligned, "aligned_from_image")["aligned_from_image"]
    errors = []
    for row, true_row in zip(*task, strict=True):
        found = _stored(arrays, row, len(topology.dense))
        image = ShadingImage(relit["shading"][row], relit["mask"][row])
        true = truths.face(true_row, affines[row])
        errors.append(compare(found, image, true, topology, params))
    return errors


def _stored(arrays: dict[str, np.ndarray], row: int, points: int) -> Reconstruction:
    """A reconstructed face as stored by the stage, whose dense surface has ``points`` points."""
    vertices_image, vertices_face, landmarks_image, rotation, pose = (
        np.asarray(arrays[name][row]) for name in FACE
    )
    return Reconstruction(
        vertices_image=vertices_image,
        vertices_face=vertices_face,
        landmarks_image=landmarks_image,
        mesh_landmarks_image=mesh_landmarks(vertices_image),
        rotation=rotation,
        pose=pose,
        presence=arrays["presence"][row],
        visible=np.unpackbits(arrays["visible"][row], count=points).astype(bool),
        reason=Reason.RECONSTRUCTED,
    )


def _compare_images(
    root: Path, truth: Path, pipeline: Pipeline, rows: np.ndarray
) -> list[FaceErrors]:
    """Run images through the pipeline and compare with the ground truth, in a worker process."""
    truths, topology, errors = Truths.open(truth), topology_of(pipeline), []
    for row in rows:
        image = images.load_image(root / truths.frame["path"][row])
        (face,) = pipeline.central_faces([image])
        if not face.reconstruction.reason:
            (relit,) = pipeline.relight([face])
            true = truths.face(row, face.aligned.aligned_from_image)
            params = pipeline.relighter.params
            errors.append(compare(face.reconstruction, relit, true, topology, params))
    return errors


def _metrics(count: int, errors: list[FaceErrors]) -> dict[str, Any]:
    counts = {"images": count, "reconstructed": len(errors)}
    return counts | (summarize(errors) if errors else {})
