"""The stage `reconstruct`: reconstructs the faces of all images in a packed folder."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer3d.files.digests import sha256_file
from fer3d.files.manifest import tally
from fer3d.files.specs import Arrays, Spec
from fer3d.reconstruction import landmarks
from fer3d.reconstruction.backends import device_of
from fer3d.reconstruction.params import ReconstructParams
from fer3d.reconstruction.reconstructor import (
    Reason,
    Reconstruction,
    Reconstructor,
    make_reconstructor,
)
from fer3d.reconstruction.topology import MODELS
from fer3d.rowwise.packing import Columns, compute_packed, stacked
from fer3d.rowwise.producer import Producer
from fer3d.rowwise.sources import Batch
from fer3d.toolbox import Toolbox

VERSION = 5
INPUTS = ("images", "points")

_LOGGER = logging.getLogger(__name__)


def producer(params: ReconstructParams, toolbox: Toolbox) -> Producer:
    """The stage's row-wise computation: images (N, S, S, 3) uint8 and points (N, 5, 2) float32
    in, the arrays of ``Reconstruction`` out (visible as packed bits, reason as its code, features
    if asked for).

    Args:
        params: of the stage.
        toolbox: model files, and the device of PyTorch networks.
    """
    reconstructor = make_reconstructor(params, toolbox)
    backend = reconstructor.backend
    points = len(backend.surface.load())
    used = [*MODELS, *([landmarks.MODEL] if params.landmarks == "dlib" else [])]
    outputs = {
        "vertices_image": backend.vertices,
        "vertices_face": backend.vertices,
        "landmarks_image": Spec((landmarks.POINTS, 2), "float32"),
        "rotation": Spec((3, 3), "float32"),
        "pose": Spec((3,), "float32"),
        "visible": Spec((-(-points // 8),), "uint8"),
        "presence": Spec((), "float32"),
        "reason": Spec((), "uint8"),
    }
    if reconstructor.features_spec:
        outputs["features"] = reconstructor.features_spec
    return Producer(
        name="reconstruct",
        version=VERSION,
        compute=_Compute(reconstructor),
        inputs=INPUTS,
        outputs=outputs,
        # whether features are kept is told by the outputs
        parameters=params.model_dump(mode="json", exclude={"features"})
        | {"device": device_of(params, toolbox)},
        libraries=("numpy", "numba", "opencv", "scipy", *backend.libraries),
        models={name: sha256_file(toolbox.assets / name) for name in used} | backend.models(),
    )


def reconstruct_dataset(
    source: Path, out: Path, params: ReconstructParams, toolbox: Toolbox
) -> dict[str, Any]:
    """Reconstruct the face of every row of a packed folder.

    Args:
        source: packed folder with images and points of aligned images.
        out: packed folder to write; its manifest gains reconstructed, reason, presence, pitch,
            yaw and roll.
        params: of the stage.
        toolbox: model files, workers, and the device of PyTorch networks.

    Returns:
        Metrics: images, reconstructed, reconstructed_fraction, not_reconstructed_by_reason,
        and the median absolute pitch, yaw and roll in degrees (null without any face).
    """
    made = producer(params, toolbox)
    metrics = _metrics(compute_packed(made, _columns, source, out, toolbox.settings))
    _log(metrics)
    return metrics


def _log(metrics: dict[str, Any]) -> None:
    images, faces = metrics["images"], metrics["reconstructed"]
    others = metrics["not_reconstructed_by_reason"]
    reasons = "".join(f", {count} {reason}" for reason, count in others.items())
    _LOGGER.info("reconstruct: %d of %d faces reconstructed%s", faces, images, reasons)
    if images and not faces:
        _LOGGER.warning(
            "reconstruct: warning: no face at all: shading images will be black; see metrics and "
            "pictures of `align`, and reconstruct.min_presence"
        )


@dataclass(frozen=True)
class _Compute:
    reconstructor: Reconstructor

    def __call__(self, batch: Batch) -> Arrays:
        images, points = (batch[name] for name in INPUTS)
        return stacked([_pack(face) for face in self.reconstructor(images, points)])


def _pack(face: Reconstruction) -> dict[str, Any]:
    """The arrays of a face in the format of the packed folder."""
    names = ("vertices_image", "vertices_face", "landmarks_image", "rotation", "pose", "presence")
    arrays = {name: getattr(face, name) for name in names} | {
        "visible": np.packbits(face.visible),
        "reason": np.uint8(list(Reason).index(face.reason)),
    }
    return arrays if face.features is None else arrays | {"features": face.features}


def _columns(arrays: Arrays) -> Columns:
    reasons = np.array([reason.value for reason in Reason], dtype=object)[arrays["reason"]]
    pitch, yaw, roll = np.array(arrays["pose"]).T
    return {
        "reconstructed": reasons == Reason.RECONSTRUCTED,
        "reason": reasons,
        "presence": np.array(arrays["presence"]),
        "pitch": pitch,
        "yaw": yaw,
        "roll": roll,
    }


def _metrics(frame: pd.DataFrame) -> dict[str, Any]:
    faces = frame[frame["reconstructed"]]
    failed = frame.loc[~frame["reconstructed"], "reason"]
    return {
        "images": len(frame),
        "reconstructed": len(faces),
        "reconstructed_fraction": round(len(faces) / len(frame), 4) if len(frame) else None,
        "not_reconstructed_by_reason": tally(failed),
        "median_absolute_deg": {
            angle: round(float(faces[angle].abs().median()), 2) if len(faces) else None
            for angle in ("pitch", "yaw", "roll")
        },
    }
