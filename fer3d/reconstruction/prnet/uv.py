"""The UV grid of PRN's position map: the cells of the face, and its triangles.

Rows run from the forehead to below the chin, columns from the subject's right to left, as in a
frontal photo. Cells are numbered row by row.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Integer, Shaped

from fer3d.errors import UserError
from fer3d.geometry.typing import Triangles

UV_SIZE = 256  # cells per side
POINTS = 43_867  # cells that belong to the face
LANDMARKS = 68


@dataclass(frozen=True)
class UvTables:
    """The authors' two index tables.

    Attributes:
        face_ind: (43867,) int64, cells of the points of the face, unique.
        uv_kpt_ind: (2, 68) int64, column and row of each landmark's cell, in the order of iBUG
            300-W.
    """

    face_ind: Integer[np.ndarray, "43867"]
    uv_kpt_ind: Integer[np.ndarray, "2 68"]

    def points(self, positions: Shaped[np.ndarray, "256 256 c"]) -> Shaped[np.ndarray, "43867 c"]:
        """The points of the face (43867, C) in a map (256, 256, C)."""
        return positions.reshape(UV_SIZE**2, -1)[self.face_ind]

    def landmarks(self, positions: Shaped[np.ndarray, "256 256 c"]) -> Shaped[np.ndarray, "68 c"]:
        """The landmarks (68, C) in a map (256, 256, C); they need not be points of the face."""
        columns, rows = self.uv_kpt_ind
        return positions[rows, columns]


def checked_tables(face_ind: np.ndarray, uv_kpt_ind: np.ndarray, origin: str) -> UvTables:
    """The tables, after validation.

    Args:
        face_ind, uv_kpt_ind: of any numeric type.
        origin: their source, for error messages.

    Raises:
        UserError: wrong counts, or numbers that are not cells of the grid.
    """
    if face_ind.shape != (POINTS,):
        raise UserError(
            f"{origin}: expected {POINTS} numbers in face_ind, got shape {face_ind.shape}"
        )
    if uv_kpt_ind.shape != (2, LANDMARKS):
        raise UserError(
            f"{origin}: expected 2 rows of {LANDMARKS} numbers in uv_kpt_ind, "
            f"got shape {uv_kpt_ind.shape}"
        )
    if len(np.unique(face_ind)) != POINTS:
        raise UserError(f"{origin}: expected each number in face_ind once, some repeat")
    for name, table, limit in (
        ("face_ind", face_ind, UV_SIZE**2),
        ("uv_kpt_ind", uv_kpt_ind, UV_SIZE),
    ):
        if not ((table >= 0) & (table < limit) & (table == np.floor(table))).all():
            raise UserError(f"{origin}: expected whole numbers from 0 to {limit - 1} in {name}")
    return UvTables(face_ind.astype(np.int64), uv_kpt_ind.astype(np.int64))


def uv_triangles(face_ind: Integer[np.ndarray, " n"], step: int = 1) -> Triangles:
    """Triangles between neighbouring cells that belong to the face.

    A square of four such cells gives two triangles, one of three gives one.

    Args:
        face_ind: (N,) integer, cells of the points of the face.
        step: distance of neighbours, cells; above 1 for a coarser mesh.

    Returns:
        (T, 3) int64, indices into ``face_ind``, counter-clockwise when seen from outside the face.
    """
    index = np.full(UV_SIZE**2, -1)
    index[face_ind] = np.arange(len(face_ind))
    grid = index.reshape(UV_SIZE, UV_SIZE)[::step, ::step]
    above_left, above_right = grid[:-1, :-1].ravel(), grid[:-1, 1:].ravel()
    below_left, below_right = grid[1:, :-1].ravel(), grid[1:, 1:].ravel()
    split = np.concatenate(  # along the diagonal from bottom left to top right
        [
            np.stack([above_left, below_left, above_right], axis=1),
            np.stack([above_right, below_left, below_right], axis=1),
        ]
    )
    other = np.concatenate(  # a corner of that diagonal is missing
        [
            np.stack([above_left, below_right, above_right], axis=1)[below_left < 0],
            np.stack([above_left, below_left, below_right], axis=1)[above_right < 0],
        ]
    )
    triangles = np.concatenate([split, other])
    return triangles[(triangles >= 0).all(axis=1)]
