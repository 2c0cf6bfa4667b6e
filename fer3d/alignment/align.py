"""The stage `align`: all images of a manifest to packed aligned images.

out/
  images.npy, points.npy, aligned_from_image.npy
  rejected.parquet     rows that are rejected for their faces, with reason and detail
  manifest.parquet     the other rows; written last
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer3d.alignment.aligner import Aligned, Aligner, device_of, make_aligner
from fer3d.alignment.params import AlignParams, AlignStageParams, RejectParams
from fer3d.alignment.reject import (
    MAJOR,
    SIDE,
    SPECS,
    count_major,
    face_side,
    rejected_rows,
    rejections_by_class,
)
from fer3d.datasets.params import SourceParams
from fer3d.errors import UserError
from fer3d.files import manifest
from fer3d.files.digests import sha256_file
from fer3d.files.packed import PackedWriter
from fer3d.files.specs import Arrays, Spec
from fer3d.rowwise.packing import compute_rows
from fer3d.rowwise.producer import Producer
from fer3d.rowwise.sources import Batch, FileSource, decode_file
from fer3d.rowwise.versions import DECODERS
from fer3d.toolbox import Toolbox

VERSION = 2
INPUTS = ("file",)
REJECTED = "rejected.parquet"
DETECTIONS = ("", "mtcnn", "haar")  # index: code in stored results
_MODELS = {"mtcnn": ("pnet.lz4", "rnet.lz4", "onet.lz4"), "haar": ()}  # OpenCV contains its own
_COMPUTES = {"mtcnn": ("torch", "numba"), "haar": ()}  # libraries beside OpenCV
_BOX = ("box_x", "box_y", "box_w", "box_h")

_BATCH_ROWS = {"cpu": 64, "cuda": 512}  # images per task; does not change results
_BATCH_PIXELS = {"cpu": 1 << 22, "cuda": 1 << 25}  # px per task, bounds its memory

_LOGGER = logging.getLogger(__name__)


def align_dataset(
    manifest_path: Path,
    origin: SourceParams,
    out: Path,
    params: AlignStageParams,
    toolbox: Toolbox,
) -> dict[str, Any]:
    """Align every image of a manifest.

    Writes the packed folder ``out``: ``images`` (N, S, S, 3) uint8, ``points`` (N, 5, 2) float32,
    ``aligned_from_image`` (N, 2, 3) float32, and the manifest with the columns of ``align``. Rows
    without a face keep their image, with NaN for box and points. Rows that ``params.reject``
    rejects are left out and written to ``rejected.parquet``.

    Args:
        manifest_path: the split manifest.
        origin: where the images are.
        out: output folder.
        params: section `align` of the parameters.
        toolbox: model files, workers and device.

    Returns:
        ``{split: {class: {"aligned": n, "not_aligned": n}}, "aligned_fraction": share, "rejected":
        {reason: {class: n}}}``.

    Raises:
        UserError: an image was changed or removed since it was ingested; the message names it. Or
            all images are rejected.
    """
    settings = toolbox.settings
    device = device_of(params, toolbox)
    if device == "cuda" and settings.parallel == "processes":
        settings = settings.model_copy(update={"workers": 1})  # one process feeds the GPU
    frame = manifest.read(manifest_path)
    chosen = params.reject if params.reject.active else None
    made = producer(origin.max_pixels, params, toolbox, chosen)
    files = file_source(frame, origin.root, device)
    with PackedWriter(out, len(frame), made.outputs, made.scratch) as packed:
        compute_rows(made, files, packed, settings)
        frame = frame.assign(**_columns(packed.arrays))
        rejected = rejected_rows(frame, packed.arrays, params.reject)
        kept = frame.drop(rejected.index)
        if len(rejected):
            packed.keep(kept.index.to_numpy())
        manifest.write(rejected, packed.files.folder / REJECTED)
        packed.finish(kept)
    _LOGGER.info("align: %s", found_in_words(int(kept["aligned"].sum()), len(kept)))
    return summarize(kept) | {"rejected": rejections_by_class(rejected)}


def check_found(metrics: Mapping[str, Any], params: AlignStageParams) -> None:
    """Check that faces were found in enough images of a data set.

    Args:
        metrics: see ``summarize``.

    Raises:
        UserError: the fraction is below ``params.min_found_fraction``.
    """
    counts = [count for split in manifest.SPLITS for count in metrics[split].values()]
    found = sum(count["aligned"] for count in counts)
    images = found + sum(count["not_aligned"] for count in counts)
    if images and found < params.min_found_fraction * images:
        raise UserError(
            f"{found_in_words(found, images)}, align.min_found_fraction is "
            f"{params.min_found_fraction}. Try another align.detector (mtcnn, haar), a smaller "
            "align.min_face for small faces, or align.padding=0.1 and align.crop=null for images "
            "that contain only the face"
        )


def found_in_words(found: int, images: int) -> str:
    """The number of images with a face, for logs and messages."""
    share = f" ({found / images:.1%})" if images else ""
    return f"a face was found in {found} of {images} images{share}"


def producer(
    max_pixels: int, params: AlignParams, toolbox: Toolbox, reject: RejectParams | None = None
) -> Producer:
    """The stage's row-wise computation: image files in, the fields of ``Aligned`` out.

    Args:
        max_pixels: largest allowed size of a source image, px.
        params: section `align` of the parameters.
        toolbox: model files, and the device for MTCNN.
        reject: with it, size and number of faces are results, too, see ``reject.SPECS``.
    """
    major = reject.major_face if reject else None
    counted = {} if reject is None else {"major_face": major}
    device = device_of(params, toolbox)
    return Producer(
        name="align",
        version=VERSION,
        compute=_Compute(make_aligner(params, toolbox), max_pixels, major),
        inputs=INPUTS,
        outputs=_specs(params.size) | (SPECS if reject else {}),
        parameters=_of_one_image(params) | {"device": device, "max_pixels": max_pixels} | counted,
        models={name: sha256_file(toolbox.assets / name) for name in _MODELS[params.detector]},
        libraries=(*DECODERS, *_COMPUTES[params.detector]),
        scratch=("aligned", "detection", "box", "confidence", *(SPECS if reject else ())),
        batch_rows=_BATCH_ROWS[device],
    )


def _of_one_image(params: AlignParams) -> dict[str, Any]:
    return params.model_dump(mode="json", include=set(AlignParams.model_fields))


def file_source(frame: pd.DataFrame, image_root: Path, device: str = "cpu") -> FileSource:
    """The input of the stage: the files of a manifest."""
    sizes = frame[["height", "width"]].to_numpy(np.int64)
    pixels = _BATCH_PIXELS[device]
    return FileSource(image_root, frame["path"].array, frame["sha1"].array, sizes, pixels)


def summarize(frame: pd.DataFrame) -> dict[str, Any]:
    """Numbers of aligned and not aligned images per split and class, and the aligned fraction.

    Args:
        frame: manifest with the columns split, label and aligned.
    """
    names = manifest.classes(frame)
    result: dict[str, Any] = {}
    for split in manifest.SPLITS:
        part = frame[frame["split"] == split]
        flags = {name: part.loc[part["label"] == name, "aligned"] for name in names}
        result[split] = {
            name: {"aligned": int(flag.sum()), "not_aligned": int((~flag).sum())}
            for name, flag in flags.items()
        }
    result["aligned_fraction"] = float(frame["aligned"].mean()) if len(frame) else 0.0
    return result


@dataclass(frozen=True)
class _Compute:
    aligner: Aligner
    max_pixels: int
    major_face: float | None  # see ``count_major``; None: faces are not counted

    def __call__(self, batch: Batch) -> Arrays:
        files = zip(batch["file"], batch["path"], strict=True)
        pictures = [decode_file(file, path, self.max_pixels) for file, path in files]
        results = self.aligner.align(pictures)
        return _pack(results) | ({} if self.major_face is None else self._faces(results))

    def _faces(self, results: list[Aligned]) -> dict[str, np.ndarray]:
        major = [count_major(result.sides, self.major_face or 0) for result in results]
        sides = [face_side(result.box_source) for result in results]
        return {SIDE: np.array(sides, np.float32), MAJOR: np.array(major, np.uint16)}


def _specs(size: int) -> dict[str, Spec]:
    return {
        "images": Spec((size, size, 3), "uint8"),
        "points": Spec((5, 2), "float32"),
        "aligned_from_image": Spec((2, 3), "float32"),
        "aligned": Spec((), "bool"),
        "detection": Spec((), "uint8"),
        "box": Spec((4,), "float32"),
        "confidence": Spec((), "float32"),
    }


def _pack(results: list[Aligned]) -> dict[str, np.ndarray]:
    names = ("points", "aligned_from_image", "box")
    return {
        "images": np.stack([result.image for result in results]),
        **{name: np.stack([getattr(result, name) for result in results]) for name in names},
        "aligned": np.array([result.aligned for result in results]),
        "detection": np.array([DETECTIONS.index(r.detection) for r in results], np.uint8),
        "confidence": np.array([r.confidence for r in results], np.float32),
    }


def _columns(arrays: Arrays) -> Mapping[str, np.ndarray]:
    return {
        "aligned": np.array(arrays["aligned"]),
        "detection": np.array(DETECTIONS, dtype=object)[arrays["detection"]],
        **{name: np.array(arrays["box"][:, i]) for i, name in enumerate(_BOX)},
        "confidence": np.array(arrays["confidence"]),
    }
