"""Contact sheets of samples of each stage, and of images whose face was not found."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fer3d.files.images import MAX_PIXELS, Rejected, load_image, resize
from fer3d.files.manifest import TEST, VALIDATION
from fer3d.files.packed import open_arrays, read_manifest
from fer3d.files.sheets import contact_sheet

COLUMNS = ("original", "aligned", "mesh", "shading")
CELL = 120  # px, side of an image in a sheet
ZOOM = 3  # enlargement of the image before the mesh is drawn, so that its lines are thin
OPACITY = 0.5  # of the mesh's lines
LINE = (64, 224, 208)  # RGB
LANDMARK = (255, 80, 60)  # RGB
PER_LINE = 8  # images per row in a sheet of failures


@dataclass(frozen=True)
class SampleSources:
    """Folders with the images of each stage; the last three have the same rows."""

    originals: Path  # the folder of the manifest's relative paths
    images: Path  # packed: images
    faces: Path  # packed: vertices_image, landmarks_image; reconstructed and reason
    shadings: Path  # packed: shading


def sample_sheets(
    sources: SampleSources, triangles: np.ndarray, per_class: int
) -> dict[str, np.ndarray]:
    """A contact sheet of each class: one row per sample, one column for each of ``COLUMNS``.

    Args:
        sources: images of each stage.
        triangles: (T, 3) int, triangles of the mesh.
        per_class: number of samples per class.

    Returns:
        {class: (H, W, 3) uint8 RGB}, classes in alphabetical order.
    """
    frame = read_manifest(sources.faces)
    chosen = choose_rows(frame, per_class)
    arrays = _open(sources)
    return {
        name: contact_sheet(
            [_stages(sources, arrays, frame, row, triangles) for row in rows],
            column_titles=COLUMNS,
            cell=CELL,
        )
        for name, rows in chosen.items()
    }


def overview_sheet(sources: SampleSources, triangles: np.ndarray) -> np.ndarray:
    """One sample of each class: one column per class, one row for each of ``COLUMNS``.

    Args:
        sources: images of each stage.
        triangles: (T, 3) int, triangles of the mesh.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    frame = read_manifest(sources.faces)
    chosen = {name: rows[0] for name, rows in choose_rows(frame, 1).items()}
    arrays = _open(sources)
    columns = [_stages(sources, arrays, frame, row, triangles) for row in chosen.values()]
    lines = list(zip(*columns, strict=True))
    return contact_sheet(lines, row_titles=COLUMNS, column_titles=list(chosen), cell=CELL)


def choose_rows(frame: pd.DataFrame, per_class: int) -> dict[str, np.ndarray]:
    """Rows to show for each class, spread evenly: reconstructed faces only.

    Validation images if there are enough, else also training images; never test images or noisy
    copies. A class without such images is left out.
    """
    shown = (frame["split"] != TEST) & frame["reconstructed"] & frame["aligned"]
    shown &= frame["noise"].fillna("") == ""
    chosen = {}
    for name in sorted(frame["label"].unique()):
        of_class = shown & (frame["label"] == name)
        rows = np.flatnonzero(of_class & (frame["split"] == VALIDATION))
        if len(rows) < per_class:
            rows = np.flatnonzero(of_class)
        if len(rows):
            evenly = np.linspace(0, len(rows) - 1, per_class).round().astype(int)
            chosen[name] = rows[np.unique(evenly)]
    return chosen


def failure_sheets(sources: SampleSources, limit: int) -> dict[str, np.ndarray]:
    """Images whose face was not found, by reason: "not aligned: ..." and "not reconstructed: ...".

    Args:
        limit: largest number of images per reason.

    Returns:
        {reason: (H, W, 3) uint8 RGB}; reasons without images are left out.
    """
    frame = read_manifest(sources.faces)
    frame = frame[(frame["split"] != TEST) & (frame["noise"].fillna("") == "")]
    images = open_arrays(sources.images, "images")["images"]
    groups = {
        "not aligned: no face was detected": frame.index[frame["detection"] == ""],
        "not aligned: a face without eyes": frame.index[
            ~frame["aligned"] & (frame["detection"] != "")
        ],
    }
    failed = frame[~frame["reconstructed"]]
    for reason, rows in sorted(failed.groupby("reason").groups.items()):
        groups[f"not reconstructed: {str(reason).replace('_', ' ')}"] = rows
    return {
        title: contact_sheet(_lines([images[row] for row in rows[:limit]]), cell=CELL)
        for title, rows in groups.items()
        if len(rows)
    }


def draw_mesh(
    image: np.ndarray, vertices: np.ndarray, landmarks: np.ndarray, triangles: np.ndarray
) -> np.ndarray:
    """Draw the mesh's edges and the landmarks on an image, enlarged ``ZOOM`` times.

    Args:
        image: (H, W, 3) uint8 RGB.
        vertices: (V, 3) float32, px, image frame.
        landmarks: (68, 2 or 3) float32, px, image frame.
        triangles: (T, 3) int.
    """
    import cv2

    canvas = resize(image, ZOOM * image.shape[1], ZOOM * image.shape[0]).copy()
    corners = _drawn(vertices[:, :2])[triangles]
    lines = canvas.copy()
    cv2.polylines(lines, list(corners), True, LINE, 1, cv2.LINE_AA)
    canvas = cv2.addWeighted(canvas, 1 - OPACITY, lines, OPACITY, 0)
    for x, y in _drawn(landmarks[:, :2]):
        cv2.circle(canvas, (int(x), int(y)), 2, LANDMARK, -1, cv2.LINE_AA)
    return canvas


def _open(sources: SampleSources) -> dict[str, np.ndarray]:
    return {
        **open_arrays(sources.images, "images"),
        **open_arrays(sources.faces, "vertices_image", "landmarks_image"),
        **open_arrays(sources.shadings, "shading"),
    }


def _stages(
    sources: SampleSources,
    arrays: Mapping[str, np.ndarray],
    frame: pd.DataFrame,
    row: int,
    triangles: np.ndarray,
) -> list[np.ndarray]:
    image = np.asarray(arrays["images"][row])
    mesh = draw_mesh(
        image, arrays["vertices_image"][row], arrays["landmarks_image"][row], triangles
    )
    original = _original(sources.originals / frame["path"].iloc[row])
    return [original, image, mesh, np.asarray(arrays["shading"][row])]


def _original(path: Path) -> np.ndarray:
    """The source image, or a white image if it was deleted after the stages ran."""
    try:
        return load_image(path, max_pixels=MAX_PIXELS)
    except Rejected:
        return np.full((CELL, CELL, 3), 255, np.uint8)


def _drawn(points: np.ndarray) -> np.ndarray:
    """Points in the image frame to whole pixels of the enlarged image."""
    return np.floor(ZOOM * points).astype(np.int32)


def _lines(pictures: list[np.ndarray]) -> list[list[np.ndarray]]:
    return [pictures[i : i + PER_LINE] for i in range(0, len(pictures), PER_LINE)]
