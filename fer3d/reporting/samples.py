"""The images of a row at each stage, and a contact sheet of one sample of each class."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fer3d.files.images import MAX_PIXELS, Rejected, load_image, resize
from fer3d.files.manifest import TEST, VALIDATION
from fer3d.files.packed import open_arrays, read_manifest
from fer3d.files.sheets import contact_sheet

ORIGINAL, ALIGNED, MESH, SHADING = COLUMNS = ("original", "aligned", "mesh", "shading")
CELL = 120  # px, side of an image on a page and in a sheet
ZOOM = 3  # enlargement of the image before the mesh is drawn, so that its lines are thin
OPACITY = 0.5  # of the mesh's lines
LINE = (64, 224, 208)  # RGB
LANDMARK = (255, 80, 60)  # RGB


@dataclass(frozen=True)
class SampleSources:
    """Folders with the images of each stage; the last three have the same rows."""

    originals: Path  # the folder of the manifest's relative paths
    images: Path  # packed: images
    faces: Path  # packed: vertices_image, landmarks_image; reconstructed and reason
    shadings: Path  # packed: shading


class StageImages:
    """The images of each stage, by row of the manifest ``frame``."""

    def __init__(self, sources: SampleSources, triangles: np.ndarray):
        """Open the arrays.

        Args:
            sources: images of each stage.
            triangles: (T, 3) int, triangles of the mesh.
        """
        self.frame = read_manifest(sources.faces)
        self._originals = sources.originals
        self._triangles = triangles
        self._arrays = {
            **open_arrays(sources.images, "images"),
            **open_arrays(sources.faces, "vertices_image", "landmarks_image"),
            **open_arrays(sources.shadings, "shading"),
        }

    def of(self, row: int) -> dict[str, np.ndarray]:
        """Images of a row by stage, uint8; without mesh and shading if there is no 3D face."""
        image = np.asarray(self._arrays["images"][row])
        pictures = {
            ORIGINAL: source_image(self._originals / self.frame["path"].iloc[row]),
            ALIGNED: image,
        }
        if self.frame["reconstructed"].iloc[row]:
            vertices, landmarks = (
                self._arrays[name][row] for name in ("vertices_image", "landmarks_image")
            )
            pictures[MESH] = draw_mesh(image, vertices, landmarks, self._triangles)
            pictures[SHADING] = np.asarray(self._arrays["shading"][row])
        return pictures


def overview_sheet(images: StageImages) -> np.ndarray:
    """One sample of each class: one column per class, one row for each of ``COLUMNS``.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    chosen = {name: rows[0] for name, rows in choose_rows(images.frame, 1).items()}
    columns = [list(images.of(row).values()) for row in chosen.values()]
    lines = list(zip(*columns, strict=True))
    return contact_sheet(lines, row_titles=COLUMNS, column_titles=list(chosen), cell=CELL)


def shown_rows(frame: pd.DataFrame) -> pd.Series:
    """(N,) bool: rows whose pictures may be shown, never test images or noisy copies."""
    return (frame["split"] != TEST) & (frame["noise"].fillna("") == "")


def choose_rows(frame: pd.DataFrame, per_class: int) -> dict[str, np.ndarray]:
    """Rows to show for each class, spread evenly: reconstructed faces only.

    Validation images if there are enough, else also training images, see ``shown_rows``. A class
    without such images is left out.
    """
    shown = shown_rows(frame) & frame["reconstructed"] & frame["aligned"]
    chosen = {}
    for name in sorted(frame["label"].unique()):
        of_class = shown & (frame["label"] == name)
        rows = np.flatnonzero(of_class & (frame["split"] == VALIDATION))
        if len(rows) < per_class:
            rows = np.flatnonzero(of_class)
        if len(rows):
            chosen[name] = evenly(rows, per_class)
    return chosen


def evenly(rows: np.ndarray, count: int) -> np.ndarray:
    """At most ``count`` of (n,) rows, n at least 1, spread evenly."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, count).round().astype(int))]


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


def source_image(path: Path) -> np.ndarray:
    """The source image, or a white image if it was deleted after the stages ran."""
    try:
        return load_image(path, max_pixels=MAX_PIXELS)
    except Rejected:
        return np.full((CELL, CELL, 3), 255, np.uint8)


def _drawn(points: np.ndarray) -> np.ndarray:
    """Points in the image frame to whole pixels of the enlarged image."""
    return np.floor(ZOOM * points).astype(np.int32)
