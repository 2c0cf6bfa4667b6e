"""Reconstruction and the whole way from file to shading, against one image at a time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks import data
from benchmarks.pairs import Options, Pair
from fer3d.geometry.meshes import TriangleMesh, vertex_normals
from fer3d.geometry.rays import Caster
from fer3d.reconstruction.reconstructor import Reconstructor, make_reconstructor
from fer3d.reconstruction.visibility import TOLERANCE, unoccluded_points

BATCH = 32  # images, as in the stage


def pairs(options: Options) -> Iterator[Pair]:
    arrays = data.read_rows(options.data / "balance", options.images, "images", "points")
    images, points = arrays["images"], arrays["points"]
    reconstructor = make_reconstructor(data.params().reconstruct, data.toolbox(options))
    parts = [slice(start, start + BATCH) for start in range(0, len(images), BATCH)]
    yield Pair(
        "reconstruct",
        "the same, one image at a time",
        lambda: [reconstructor(images[part], points[part]) for part in parts],
        lambda: [reconstructor(images[i : i + 1], points[i : i + 1]) for i in range(len(images))],
        len(images),
        len(images),
    )
    yield _visibility(options, reconstructor)


def _visibility(options: Options, reconstructor: Reconstructor) -> Pair:
    surface = reconstructor.backend.surface.load()
    folder = Path(options.data / "reconstruct")
    vertices = data.read_rows(folder, options.images, "vertices_image")["vertices_image"]
    points = [surface(mesh) for mesh in vertices]

    def by_open3d(face: np.ndarray) -> np.ndarray:
        extent = np.ptp(face[:, :2], axis=0).max()
        start = face[:, 2].min() - extent
        origins = np.column_stack([face[:, :2], np.full(len(face), start)])
        along = np.broadcast_to([0.0, 0.0, 1.0], face.shape)
        far = Caster([TriangleMesh(face, surface.triangles)]).distances(origins, along)
        outermost = far >= face[:, 2] - start - TOLERANCE * extent
        return outermost & (vertex_normals(face, surface.triangles)[:, 2] < 0)

    return Pair(
        "visibility",
        "Open3D's ray casting",
        lambda: [unoccluded_points(face, surface.triangles) for face in points],
        lambda: [by_open3d(face) for face in points],
        len(points),
        len(points),
    )
