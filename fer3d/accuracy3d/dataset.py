"""The stage `accuracy3d` and its command: reconstructions of images whose truth is known."""

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

BATCH = 16  # faces a task
FACE = ("vertices_image", "vertices_face", "landmarks_image", "rotation", "pose")
NOTHING = {"images": 0}


@dataclass(frozen=True)
class Folders:
    """What the stages wrote; rows of the packed folders correspond.

    Attributes:
        images: folder of the images; their truth is the folder `truth` beside it.
        aligned: packed folder with ``aligned_from_image``.
        faces: packed folder that `reconstruct` wrote.
        shadings: packed folder that `relight` wrote.
    """

    images: Path
    aligned: Path
    faces: Path
    shadings: Path


def accuracy3d_dataset(folders: Folders, params: RelightParams, toolbox: Toolbox) -> dict[str, Any]:
    """Compare what the stages wrote with the truth beside the images.

    Noisy copies are left out: their truth is that of their source.

    Args:
        folders: images and what the stages made of them.
        params: how the shading images were made.
        toolbox: model files and workers.

    Returns:
        Metrics: images (originals with a truth), reconstructed (of them), and the numbers of
        ``faces.summarize``. ``{"images": 0}`` where there is no truth, as with one's own images,
        or where the faces are not made of the 468 vertices that it is known for.
    """
    log = logging.getLogger(__name__)
    truth = find_truth(folders.images)
    if truth is None:
        log.info("accuracy3d: no truth beside %s, nothing to measure", folders.images)
        return NOTHING
    if open_arrays(folders.faces, FACE[0])[FACE[0]].shape[1] != VERTICES:
        log.info("accuracy3d: the truth is known for facemesh's vertices, nothing to measure")
        return NOTHING
    bits = open_arrays(folders.faces, "visible")["visible"].shape[1]
    frame, truths = read_manifest(folders.faces), Truths.open(truth)
    rows = truths.rows(frame["path"], frame["sha1"])
    known = np.flatnonzero((rows >= 0) & (frame["noise"] == "").to_numpy())
    found = known[frame["reconstructed"].to_numpy()[known]]
    topology = partial(load_topology, toolbox.assets, subdivisions_of(bits, toolbox.assets))
    work = partial(_compare_rows, folders, truth, topology, params)
    tasks = [(found[part], rows[found[part]]) for part in map(list, batches(len(found), BATCH))]
    return _metrics(len(known), _run(work, tasks, toolbox.settings, len(found)))


def accuracy3d_folder(folder: Path, pipeline: Pipeline, settings: Settings) -> dict[str, Any]:
    """Run the pipeline on a rendered data set and compare with its truth.

    Args:
        folder: with `images` and `truth`, as the stage `synthesize` writes it.
        pipeline: with the parameters to measure.
        settings: workers.

    Returns:
        Metrics as those of ``accuracy3d_dataset``; copies among the images are left out.

    Raises:
        UserError: no truth there, or not for the vertices of the pipeline's backend.
    """
    topology_of(pipeline)
    truth = find_truth(folder / "images")
    if truth is None:
        raise UserError(
            f"{folder} has no folder {FOLDER!r}, nothing to compare with: run `dvc repro "
            "synthesize`, or name a folder of rendered images and their truth"
        )
    frame = Truths.open(truth).frame
    originals = np.flatnonzero(frame["id"] == frame["source_id"])
    tasks = [originals[list(part)] for part in batches(len(originals), BATCH)]
    work = partial(_compare_images, folder / "images", truth, pipeline)
    return _metrics(len(originals), _run(work, tasks, settings, len(originals)))


def _run(work: Any, tasks: Sequence[Any], settings: Settings, total: int) -> list[FaceErrors]:
    weights = [total // len(tasks)] * len(tasks) if tasks else []
    done = map_ordered(work, tasks, settings=settings, description="accuracy3d", weights=weights)
    return list(chain.from_iterable(done))


def _compare_rows(
    folders: Folders,
    truth: Path,
    load: Callable[[], Topology],
    params: RelightParams,
    task: tuple[np.ndarray, np.ndarray],
) -> list[FaceErrors]:
    """Rows of the packed folders against rows of the truth, in a worker process."""
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
    """A reconstructed face of facemesh as the stage kept it; its surface has so many points."""
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
    """Images through the pipeline against rows of the truth, in a worker process."""
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
