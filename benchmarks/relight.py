"""Normals and shading images against Open3D, one cloud at a time, and a loop over triangles."""

from collections.abc import Iterator

import numpy as np

from benchmarks import data, straight
from benchmarks.pairs import Options, Pair
from fer3d.reconstruction.surfaces import MeshSurface
from fer3d.relighting.normals import estimate_normals, likely_neighbours
from fer3d.relighting.raster import rasterize
from fer3d.relighting.relighter import Relighter
from fer3d.relighting.shading import VIEWER, lambert, to_picture

FEW = 4  # images of a peer that takes a second an image


def pairs(options: Options) -> Iterator[Pair]:
    params = data.params()
    relighter = Relighter(
        MeshSurface(data.toolbox(options).assets, params.reconstruct.subdivisions), params.relight
    )
    surface, near = relighter.surface.load(), params.relight.neighbours
    arrays = data.read_rows(
        options.data / "reconstruct", options.images, "vertices_face", "visible"
    )
    faces = arrays["vertices_face"]
    visible = [np.unpackbits(bits, count=len(surface)).astype(bool) for bits in arrays["visible"]]
    clouds = list(zip(map(surface, faces), visible, strict=True))
    likely = likely_neighbours(surface(relighter.surface.typical()))
    light, size = np.array(params.relight.light), params.relight.size

    def one(points: np.ndarray, seen: np.ndarray) -> None:
        intensity = np.zeros(len(points))
        intensity[seen] = lambert(straight.open3d_normals(points[seen], near), light)
        drawn = surface.triangles[seen[surface.triangles].all(axis=1)]
        straight.draw(to_picture(points, size), drawn, intensity, size)

    few = min(FEW, len(clouds))

    def straight_loop() -> None:
        for cloud in clouds[:few]:
            one(*cloud)

    yield Pair(
        "normals",
        "Open3D, one cloud at a time",
        lambda: [estimate_normals(p, near, VIEWER, seen, likely) for p, seen in clouds],
        lambda: [straight.open3d_normals(p[seen], near) for p, seen in clouds],
        len(clouds),
        len(clouds),
    )
    pictures = [(to_picture(points, size), surface.triangles) for points, _ in clouds]
    ones = np.ones(len(surface))
    yield Pair(
        "z-buffer",
        "loop over triangles in Python",
        lambda: [rasterize(*picture, size, size) for picture in pictures],
        lambda: [straight.draw(*picture, ones, size) for picture in pictures[:few]],
        len(pictures),
        few,
    )
    yield Pair(
        "relight",
        "Open3D and a loop over triangles",
        lambda: relighter(faces, visible),
        straight_loop,
        len(faces),
        few,
    )
