"""The stage `relight`: all faces of a packed folder to shading images."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fer3d.files.packed import open_arrays
from fer3d.files.specs import Arrays, Spec
from fer3d.reconstruction.surfaces import SurfaceSource, surface_of
from fer3d.reconstruction.topology import VERTICES, load_topology
from fer3d.relighting.params import RelightParams
from fer3d.relighting.relighter import Relighter
from fer3d.relighting.shading import ShadingImage, unit
from fer3d.rowwise.packing import Columns, compute_packed, stacked
from fer3d.rowwise.producer import Producer
from fer3d.rowwise.sources import Batch
from fer3d.toolbox import Toolbox

VERSION = 1
INPUTS = ("vertices_face", "visible")
_MAX_SUBDIVISIONS = 3


def surface_producer(surface: SurfaceSource, params: RelightParams) -> Producer:
    """The stage's row-wise computation: vertices_face (N, V, 3) and visible (N, D / 8) packed bits
    in; shading (N, S, S) uint8, mask (N, S, S) bool and visible_fraction (N,) float32 out.

    Raises:
        ValueError: a light without direction.
    """
    unit(np.array(params.light))
    return Producer(
        name="relight",
        version=VERSION,
        compute=_Compute(Relighter(surface, params)),
        inputs=INPUTS,
        outputs={
            "shading": Spec((params.size, params.size), "uint8"),
            "mask": Spec((params.size, params.size), "bool"),
            "visible_fraction": Spec((), "float32"),
        },
        parameters=params.model_dump(mode="json") | surface.parameters(),
        libraries=("numpy", "scipy", "numba", *(["open3d"] if params.normals == "open3d" else [])),
        models=surface.models(),
    )


def folder_producer(source: Path, params: RelightParams, toolbox: Toolbox) -> Producer:
    """``surface_producer`` for the faces in a packed folder of ``reconstruct``."""
    vertices, visible = (array.shape[1] for array in open_arrays(source, *INPUTS).values())
    subdivisions = subdivisions_of(visible, toolbox.assets) if vertices == VERTICES else 0
    return surface_producer(surface_of(vertices, subdivisions, toolbox), params)


def relight_dataset(
    source: Path, out: Path, params: RelightParams, toolbox: Toolbox
) -> dict[str, Any]:
    """Compute the shading image of every row of a packed folder.

    Args:
        source: packed folder that ``reconstruct_dataset`` wrote.
        out: packed folder to write; its manifest gains visible_fraction, the fraction of the dense
            surface's points that are visible in the photo, 0 without a face.
        params: of the stage.
        toolbox: model files and workers.

    Returns:
        Metrics: images, and the mean visible_fraction of reconstructed faces (null without any).
    """
    made = folder_producer(source, params, toolbox)
    frame = compute_packed(made, _columns, source, out, toolbox.settings)
    fractions = frame.loc[frame["reconstructed"], "visible_fraction"]
    mean = round(float(fractions.astype(np.float64).mean()), 4) if len(fractions) else None
    return {"images": len(frame), "visible_fraction": mean}


def subdivisions_of(packed_width: int, assets: Path) -> int:
    """Levels of subdivision of a surface, from the width in bytes of its packed visibility.

    Raises:
        ValueError: no level has this number of points.
    """
    for levels in range(_MAX_SUBDIVISIONS + 1):
        points = len(load_topology(assets, levels).dense)
        if -(-points // 8) == packed_width:
            return levels
    raise ValueError(f"no subdivision of {VERTICES} vertices fills {packed_width} bytes")


@dataclass(frozen=True)
class _Compute:
    relighter: Relighter

    def __call__(self, batch: Batch) -> Arrays:
        vertices, bits = (batch[name] for name in INPUTS)
        points = len(self.relighter.surface.load())
        visible = [np.unpackbits(row, count=points).astype(bool) for row in bits]
        images = self.relighter(vertices, visible)
        return stacked([_pack(*row) for row in zip(images, visible, strict=True)])


def _pack(image: ShadingImage, visible: np.ndarray) -> dict[str, Any]:
    return vars(image) | {"visible_fraction": np.float32(visible.mean())}


def _columns(arrays: Arrays) -> Columns:
    return {"visible_fraction": np.array(arrays["visible_fraction"])}
