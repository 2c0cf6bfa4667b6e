"""The dense surface of each backend: points and triangles."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from fer3d.files.digests import sha256_file
from fer3d.geometry.typing import Triangles
from fer3d.reconstruction.prnet import files
from fer3d.reconstruction.prnet.uv import POINTS, UV_SIZE, uv_triangles
from fer3d.reconstruction.subdivision import Subdivision, subdivide
from fer3d.reconstruction.topology import MODELS, VERTICES, load_topology
from fer3d.toolbox import Toolbox

DRAWN_STEP = 8  # UV cells between the points of PRN's surface that are drawn


@runtime_checkable
class SurfaceSource(Hashable, Protocol):
    """Loads a dense surface; picklable, for worker processes."""

    def load(self) -> Subdivision:
        """The surface, loaded once per process."""

    def typical(self) -> np.ndarray:
        """Vertices (V, 3) float64 on which points lie near each other that do so on most faces."""

    def parameters(self) -> dict[str, Any]:
        """Parameters of the surface as JSON values, for the keys of results."""

    def models(self) -> dict[str, str]:
        """SHA-256 of its source files by name."""


@dataclass(frozen=True)
class MeshSurface:
    """The subdivided face mesh."""

    assets: Path
    subdivisions: int

    def load(self) -> Subdivision:
        return load_topology(self.assets, self.subdivisions).dense

    def typical(self) -> np.ndarray:
        return load_topology(self.assets, self.subdivisions).reference

    def parameters(self) -> dict[str, Any]:
        return {"subdivisions": self.subdivisions}

    def models(self) -> dict[str, str]:
        return {name: sha256_file(self.assets / name) for name in MODELS}


@dataclass(frozen=True)
class PositionMapSurface:
    """PRN's points, connected along the UV grid."""

    file: Path

    def load(self) -> Subdivision:
        return _position_map_surface(self.file)

    def typical(self) -> np.ndarray:
        row, column = np.divmod(files.read_tables(self.file).face_ind, UV_SIZE)
        return np.stack([column, row, np.zeros_like(row)], axis=-1).astype(np.float64)

    def parameters(self) -> dict[str, Any]:
        return {"surface": "prnet"}

    def models(self) -> dict[str, str]:
        return {files.MODEL: sha256_file(self.file)}


def surface_of(vertices: int, subdivisions: int, toolbox: Toolbox) -> SurfaceSource:
    """The surface for a number of vertices.

    Args:
        vertices: 468 or 43,867.
        subdivisions: levels of subdivision of the face mesh; unused for PRN.
        toolbox: model files.

    Raises:
        ValueError: no backend has this number of vertices.
        UserError: PRN's model file is missing.
    """
    if vertices == VERTICES:
        return MeshSurface(toolbox.assets, subdivisions)
    if vertices == POINTS:
        return PositionMapSurface(files.model_file(toolbox.models))
    raise ValueError(f"expected {VERTICES} or {POINTS} vertices, got {vertices}")


def drawn_triangles(vertices: int, toolbox: Toolbox) -> Triangles:
    """Triangles (T, 3) for drawing a face, few enough to see the photo below."""
    if vertices == VERTICES:
        return load_topology(toolbox.assets, 0).triangles
    return uv_triangles(files.read_tables(files.model_file(toolbox.models)).face_ind, DRAWN_STEP)


@lru_cache(maxsize=2)
def _position_map_surface(file: Path) -> Subdivision:
    return subdivide(uv_triangles(files.read_tables(file).face_ind), POINTS, 0)
