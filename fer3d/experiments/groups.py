"""Groups of images by difficulty: yaw of the head, lighting."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fer3d.errors import UserError
from fer3d.files.packed import open_arrays, read_manifest

ALL = "all"
NO_FACE = "no 3D face"
YAW_EDGES = (0, 10, 20, 30)  # degrees, of |yaw|; the last bin is open
TURNED = 20  # degrees; a head with a larger yaw counts as turned
TURNED_NAME = f"turned, over {TURNED}°"
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, of RGB
THIRDS = {
    "brightness": ("darkest third", "middle third", "brightest third"),
    "side_light": ("evenly lit third", "middle third", "side-lit third"),
}


@dataclass(frozen=True)
class Lighting:
    """Lighting of each image.

    Attributes:
        brightness: (N,) float64, mean luma of the face, 0 .. 255.
        side_light: (N,) float64, |left - right| / (left + right) of the mean luma of the face's
            halves, 0 .. 1; high if one side is in a hard shadow.
    """

    brightness: np.ndarray
    side_light: np.ndarray


@dataclass(frozen=True)
class Group:
    """A group of test images.

    Attributes:
        kind: criterion of the group: yaw, brightness, side light; empty for all images.
        name: name of the group.
        rows: (N,) bool, its images.
    """

    kind: str
    name: str
    rows: np.ndarray


def groups(frame: pd.DataFrame, light: Lighting) -> list[Group]:
    """The non-empty groups of the test images.

    Args:
        frame: N rows with reconstructed, yaw.
        light: lighting of the same rows.
    """
    yaw = yaw_groups(frame).to_numpy()
    found = [Group("", ALL, np.ones(len(frame), bool))]
    found.append(Group("yaw", TURNED_NAME, turned(frame)))
    found += [Group("yaw", name, yaw == name) for name in yaw_names()]
    for kind, names in THIRDS.items():
        third = thirds(getattr(light, kind), names)
        found += [Group(kind.replace("_", " "), name, third == name) for name in names]
    return [group for group in found if group.rows.any()]


def groups_of(ids: Sequence[str], images: Path, faces: Path) -> list[Group]:
    """The groups of some images of a data set, see ``groups``.

    Args:
        ids: of the N images.
        images: packed images.
        faces: packed faces of the same rows.

    Raises:
        UserError: an image has no row in ``faces``.
    """
    frame = read_manifest(faces)
    rows = pd.Index(frame["id"]).get_indexer(pd.Index(ids))
    if (rows < 0).any():
        unknown = ids[int(np.argmin(rows))]
        raise UserError(f"the image {unknown!r} has no row in {faces}: run `dvc repro` again")
    chosen = frame.iloc[rows].reset_index(drop=True)
    return groups(chosen, lighting(open_arrays(images, "images")["images"], rows, chosen))


def lighting(images: np.ndarray, rows: np.ndarray, frame: pd.DataFrame) -> Lighting:
    """Measure the lighting in the detected box, or in the whole image if there is no detection.

    Args:
        images: (M, H, W, 3) uint8 RGB, may be memory-mapped: images are read one at a time.
        rows: (N,) int, indices of the images.
        frame: N rows of a manifest with ``detection`` and the box in pixels of the images.
    """
    boxes = face_boxes(frame, images.shape[1])
    halves = np.empty((len(rows), 2))
    for number, (left, top, right, bottom) in enumerate(boxes):
        luma = images[rows[number], top:bottom, left:right] @ LUMA
        middle = luma.shape[1] // 2
        halves[number] = luma[:, :middle].mean(), luma[:, -middle:].mean()
    total = halves.sum(axis=1)
    contrast = np.abs(halves[:, 0] - halves[:, 1]) / np.maximum(total, 1)  # 1 of 510: all black
    return Lighting(total / 2, contrast)


def face_boxes(frame: pd.DataFrame, size: int) -> np.ndarray:
    """(N, 4) int: left, top, right, bottom inside the image, at least two pixels wide and high."""
    corner = frame[["box_x", "box_y"]].to_numpy(dtype=float)
    extent = frame[["box_w", "box_h"]].to_numpy(dtype=float)
    found = (frame["detection"] != "").to_numpy(dtype=bool)[:, None]
    start = np.where(found, np.clip(np.nan_to_num(corner), 0, size - 2), 0).astype(int)
    end = np.where(found, np.clip(np.nan_to_num(corner + extent), 0, size), size).astype(int)
    return np.concatenate([start, np.maximum(end, start + 2)], axis=1)


def yaw_groups(frame: pd.DataFrame) -> pd.Series:
    """The bin of |yaw| of each row of a ``reconstruct`` manifest, else ``NO_FACE``."""
    names = yaw_names()
    position = np.searchsorted(YAW_EDGES, frame["yaw"].abs().to_numpy(dtype=float), side="right")
    bins = np.array(names[:-1], dtype=object)[np.clip(position - 1, 0, len(names) - 2)]
    return pd.Series(np.where(frame["reconstructed"], bins, NO_FACE), index=frame.index)


def yaw_names() -> list[str]:
    """The groups of ``yaw_groups``, in order."""
    pairs = itertools.pairwise(YAW_EDGES)
    return [*(f"{low} to {high}°" for low, high in pairs), f"over {YAW_EDGES[-1]}°", NO_FACE]


def turned(frame: pd.DataFrame) -> np.ndarray:
    """(N,) bool: heads turned by more than ``TURNED`` degrees."""
    return (frame["reconstructed"] & (frame["yaw"].abs() > TURNED)).to_numpy(dtype=bool)


def thirds(values: np.ndarray, names: tuple[str, str, str]) -> np.ndarray:
    """(N,) object: the third that each value is in; equal values are in the same third."""
    edges = np.quantile(values, (1 / 3, 2 / 3))
    return np.array(names, dtype=object)[np.searchsorted(edges, values, side="left")]
