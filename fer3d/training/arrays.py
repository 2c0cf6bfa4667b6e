"""The packed arrays that a network is trained on, and the choice of rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fer3d.errors import UserError
from fer3d.files.folders import Folders
from fer3d.files.packed import open_arrays, read_manifest
from fer3d.networks.inputs import sparse_vertices


@dataclass(frozen=True)
class InputArrays:
    """Memory-mapped inputs of the network; row i belongs to row i of ``frame``."""

    frame: pd.DataFrame
    image: np.ndarray  # (N, S, S, 3) uint8, RGB
    landmarks: np.ndarray  # (N, 68, 2 or 3) float32, px, image frame
    shading: np.ndarray  # (N, S, S) uint8
    reconstructed: np.ndarray  # (N,) bool
    vertices: np.ndarray | None = None  # (N, V, 3) float32, cm, face frame; if asked for
    features: np.ndarray | None = None  # (N, 2, F) float16, of a crop and a mirrored one; likewise

    @property
    def image_size(self) -> int:
        """Side of an aligned image, px."""
        return self.image.shape[1]

    @property
    def shading_size(self) -> int:
        """Side of a shading image, px."""
        return self.shading.shape[1]

    @property
    def vertex_count(self) -> int:
        """Vertices of a face; 0 where they were not asked for."""
        return 0 if self.vertices is None else self.vertices.shape[1]

    @property
    def feature_count(self) -> int:
        """Features of a face's photo; 0 where they were not asked for."""
        return 0 if self.features is None else self.features.shape[2]

    def rows(self, split: str) -> np.ndarray:
        """Row numbers of a split, ascending."""
        return np.flatnonzero(self.frame["split"].to_numpy() == split)


def open_set(folders: Folders, branches: Collection[str] = ()) -> InputArrays:
    """Memory-map the arrays of a data set.

    Args:
        folders: the packed arrays.
        branches: of the network; vertices, see ``sparse_vertices``, and features are included if
            they have a branch.

    Raises:
        UserError: a folder or an array is missing, or the folders have different rows.
    """
    frame = read_manifest(folders.images)
    reconstruction = read_manifest(folders.faces)
    for folder, other in (
        (folders.faces, reconstruction),
        (folders.shadings, read_manifest(folders.shadings)),
    ):
        if not frame["id"].equals(other["id"]):
            raise UserError(
                f"the {len(other)} rows of {folder} are not the {len(frame)} rows of "
                f"{folders.images}: run `dvc repro` to make both from the same images"
            )
    return InputArrays(
        frame,
        open_arrays(folders.images, "images")["images"],
        open_arrays(folders.faces, "landmarks_image")["landmarks_image"],
        open_arrays(folders.shadings, "shading")["shading"],
        reconstruction["reconstructed"].to_numpy(dtype=bool),
        _vertices(folders.faces) if "vertices" in branches else None,
        _features(folders.faces) if "features" in branches else None,
    )


def encode_labels(labels: pd.Series, classes: Sequence[str]) -> np.ndarray:
    """Labels as indices into ``classes``, (N,) int64.

    Raises:
        UserError: a label that is not in ``classes``.
    """
    codes = pd.Index(classes).get_indexer(pd.Index(labels))
    if (codes < 0).any():
        unknown = sorted(set(labels[codes < 0]))
        raise UserError(
            f"class {unknown[0]!r} has no training image (trained classes: {', '.join(classes)}): "
            "add some, or remove the class from the data set"
        )
    return codes.astype(np.int64)


def draw(rows: np.ndarray, labels: np.ndarray, count: int | None, seed: int) -> np.ndarray:
    """Draw ``count`` rows at random, in ascending order; all if there are fewer, or for None.

    Every class gets at least one row; the others are in proportion to the class sizes, by D'Hondt's
    method. A smaller draw is a subset of every larger one with the same seed.

    Args:
        rows: (N,) row numbers.
        labels: (N,) their labels.

    Raises:
        UserError: fewer rows than classes.
    """
    if count is None or count >= len(rows):
        return rows
    order = np.random.default_rng(seed).permutation(len(rows))
    shuffled = pd.Series(labels[order])
    if shuffled.nunique() > count:
        raise UserError(f"train.max_images is {count}, for {shuffled.nunique()} classes: raise it")
    groups = shuffled.groupby(shuffled)
    place = groups.cumcount()
    turn = np.where(place == 0, 0, (place + 1) / groups.transform("size"))
    return np.sort(rows[order[np.argsort(turn, kind="stable")[:count]]])


def _vertices(faces: Path) -> np.ndarray:
    return sparse_vertices(open_arrays(faces, "vertices_face")["vertices_face"])


def _features(faces: Path) -> np.ndarray:
    if not (faces / "features.npy").exists():
        raise UserError(
            f"{faces} has no features of the mesh network, which network.features needs: set "
            "reconstruct.features to true (with reconstruct.backend facemesh) and run `dvc repro`"
        )
    return open_arrays(faces, "features")["features"]
