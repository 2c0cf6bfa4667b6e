"""From reconstructed faces to shading images: normals, one light, a frontal picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fer3d.arrays import Spec, open_arrays
from fer3d.face3d.packing import Columns, compute_dataset
from fer3d.face3d.shading import ShadingImage, shade, unit
from fer3d.face3d.topology import MODELS, VERTICES, load_topology
from fer3d.params import RelightParams
from fer3d.settings import Settings
from fer3d.store.digests import sha256_file
from fer3d.store.rows import Arrays, Producer

VERSION = 1
INPUTS = ("vertices_face", "visible")
_MAX_SUBDIVISIONS = 3


def relight_image(
    vertices_face: np.ndarray,
    visible: np.ndarray,
    assets: Path,
    params: RelightParams,
    subdivisions: int,
) -> ShadingImage:
    """The frontal shading image of one face, black where the photo does not show it.

    Args:
        vertices_face: (468, 3) float, cm, face frame.
        visible: (D,) bool, visible points of the dense surface; none where there is no face,
            which gives a black image.
        assets: folder of model files, loaded once per process.
        params: the parameters of the stage.
        subdivisions: levels that the dense surface was made with.

    Source: paper A, section 3.3.
    """
    surface = load_topology(assets, subdivisions).dense
    return shade(
        surface(vertices_face),
        surface.triangles,
        visible,
        light=np.array(params.light),
        neighbours=params.neighbours,
        size=params.size,
    )


def producer(params: RelightParams, assets: Path, subdivisions: int) -> Producer:
    """The stage's row-wise computation: vertices_face (N, 468, 3) float32 and visible (N, D / 8)
    packed bits in; shading (N, S, S) uint8, mask (N, S, S) bool and visible_fraction (N,) float32
    out.

    Raises:
        ValueError: a light without direction.
    """
    unit(np.array(params.light))
    return Producer(
        name="relight",
        version=VERSION,
        compute=_Compute(assets, params, subdivisions),
        inputs=INPUTS,
        outputs={
            "shading": Spec((params.size, params.size), "uint8"),
            "mask": Spec((params.size, params.size), "bool"),
            "visible_fraction": Spec((), "float32"),
        },
        parameters=params.model_dump(mode="json") | {"subdivisions": subdivisions},
        models={name: sha256_file(assets / name) for name in MODELS},
    )


def relight_dataset(
    source: Path, out: Path, assets: Path, params: RelightParams, settings: Settings
) -> dict[str, Any]:
    """Make the shading image of every row of a packed folder.

    Args:
        source: packed folder that ``reconstruct_dataset`` wrote.
        out: packed folder to write; its manifest gains visible_fraction, the share of the dense
            surface's points that the photo shows, 0 without a face.

    Returns:
        Metrics: images, and the mean visible_fraction of reconstructed faces (null without any).
    """
    bits = open_arrays(source, "visible")["visible"].shape[1]
    made = producer(params, assets, subdivisions_of(bits, assets))
    frame = compute_dataset(made, source, out, settings, _columns)
    fractions = frame.loc[frame["reconstructed"], "visible_fraction"]
    mean = round(float(fractions.astype(np.float64).mean()), 4) if len(fractions) else None
    return {"images": len(frame), "visible_fraction": mean}


def subdivisions_of(packed_width: int, assets: Path) -> int:
    """Levels of subdivision of a surface whose visible points fill so many bytes.

    Raises:
        ValueError: no level has so many points.
    """
    for levels in range(_MAX_SUBDIVISIONS + 1):
        points = load_topology(assets, levels).dense.matrix.shape[0]
        if -(-points // 8) == packed_width:
            return levels
    raise ValueError(f"no subdivision of {VERTICES} vertices fills {packed_width} bytes")


@dataclass(frozen=True)
class _Compute:
    assets: Path
    params: RelightParams
    subdivisions: int

    def __call__(self, batch: Arrays) -> Arrays:
        pairs = zip(*(batch[name] for name in INPUTS), strict=True)
        rows = [self._row(vertices, bits) for vertices, bits in pairs]
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]}

    def _row(self, vertices: np.ndarray, bits: np.ndarray) -> dict[str, np.ndarray]:
        points = load_topology(self.assets, self.subdivisions).dense.matrix.shape[0]
        visible = np.unpackbits(bits, count=points).astype(bool)
        image = relight_image(vertices, visible, self.assets, self.params, self.subdivisions)
        return vars(image) | {"visible_fraction": np.float32(visible.mean())}


def _columns(arrays: Arrays) -> Columns:
    return {"visible_fraction": np.array(arrays["visible_fraction"])}
