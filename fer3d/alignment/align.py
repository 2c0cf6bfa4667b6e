"""The stage `align`: all images of a manifest to packed aligned images."""

import functools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fer3d import images, manifest
from fer3d.alignment.aligner import Aligned, Aligner, make_aligner
from fer3d.arrays import PackedWriter, Spec
from fer3d.errors import UserError
from fer3d.parallel import map_ordered
from fer3d.params import AlignParams
from fer3d.settings import Settings
from fer3d.store.digests import sha1_bytes

_BATCH_ROWS = {"cpu": 64, "cuda": 512}  # images a task; changes no result
_BATCH_PIXELS = {"cpu": 1 << 22, "cuda": 1 << 25}  # px a task, which bounds its memory

Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class _Task:
    """What a worker process is told: where images are, not the images."""

    paths: tuple[Path, ...]
    sha1s: tuple[str, ...]
    assets: Path
    params: AlignParams
    device: str
    max_pixels: int


def align_dataset(
    manifest_path: Path,
    image_root: Path,
    out: Path,
    assets: Path,
    params: AlignParams,
    settings: Settings,
    max_pixels: int,
) -> dict:
    """Align every image of a manifest.

    Writes the packed folder ``out``: ``images`` (N, S, S, 3) uint8, ``points`` (N, 5, 2) float32,
    ``aligned_from_image`` (N, 2, 3) float32, and the manifest with the columns of ``align``. Rows
    without a face keep their image, with NaN for box and points.

    Args:
        manifest_path: the split manifest.
        image_root: the folder that the manifest's paths start from.
        out: folder to write.
        assets: folder of model files.
        params: section `align` of the parameters.
        settings: workers and device.
        max_pixels: of a source image.

    Returns:
        ``{split: {class: {"aligned": n, "not_aligned": n}}, "aligned_fraction": share}``.

    Raises:
        UserError: an image changed or vanished since it was ingested; the message names it.
    """
    frame = manifest.read(manifest_path)
    device = settings.torch_device() if params.detector == "mtcnn" else "cpu"
    groups = _batches(frame, _BATCH_ROWS[device], _BATCH_PIXELS[device])
    tasks = [_task(frame, rows, image_root, assets, params, device, max_pixels) for rows in groups]
    results = map_ordered(
        _run,
        tasks,
        workers=settings.workers if device == "cpu" else 1,
        description="align",
        weights=[len(rows) for rows in groups],
    )
    with PackedWriter(out, len(frame), _specs(params.size)) as packed:
        frame = frame.assign(**_write(packed, len(frame), groups, results))
        packed.finish(frame)
    return summarize(frame)


def summarize(frame: pd.DataFrame) -> dict:
    """Aligned and not aligned images per split and class, and the aligned share of all.

    Args:
        frame: manifest with the columns split, label and aligned.
    """
    names = manifest.classes(frame)
    result: dict = {}
    for split in manifest.SPLITS:
        part = frame[frame["split"] == split]
        flags = {name: part.loc[part["label"] == name, "aligned"] for name in names}
        result[split] = {
            name: {"aligned": int(flag.sum()), "not_aligned": int((~flag).sum())}
            for name, flag in flags.items()
        }
    result["aligned_fraction"] = float(frame["aligned"].mean()) if len(frame) else 0.0
    return result


def _write(
    packed: PackedWriter,
    count: int,
    groups: list[np.ndarray],
    results: Iterable[tuple[Columns, Columns]],
) -> Columns:
    """Write each batch's arrays to its rows as it comes; the manifest columns of all rows."""
    columns = _empty_columns(count)
    for rows, (arrays, values) in zip(groups, results, strict=True):
        for i, row in enumerate(rows):
            packed.write(row, {name: array[i : i + 1] for name, array in arrays.items()})
        for name, column in columns.items():
            column[rows] = values[name]
    return columns


def _batches(frame: pd.DataFrame, rows: int, pixels: int) -> list[np.ndarray]:
    """Row numbers in batches of neighbouring image sizes, bounded in rows and pixels."""
    height, width = (frame[name].to_numpy(np.int64) for name in ("height", "width"))
    batches: list[list[int]] = []
    room = 0
    for row in np.lexsort((width, height)):
        area = int(height[row] * width[row])
        if not batches or len(batches[-1]) == rows or area > room:
            batches.append([])
            room = pixels
        batches[-1].append(int(row))
        room -= area
    return [np.array(batch) for batch in batches]


def _task(
    frame: pd.DataFrame,
    rows: np.ndarray,
    root: Path,
    assets: Path,
    params: AlignParams,
    device: str,
    max_pixels: int,
) -> _Task:
    part = frame.iloc[rows]
    paths = tuple(root / path for path in part["path"])
    return _Task(paths, tuple(part["sha1"]), assets, params, device, max_pixels)


def _run(task: _Task) -> tuple[Columns, Columns]:
    """Align a batch of files, in a worker process: packed arrays and manifest columns."""
    pictures = [
        _read(path, sha1, task.max_pixels)
        for path, sha1 in zip(task.paths, task.sha1s, strict=True)
    ]
    with _one_thread():
        results = _aligner(task.assets, task.params, task.device).align(pictures)
    arrays = {
        "images": np.stack([result.image for result in results]),
        "points": np.stack([result.points for result in results]),
        "aligned_from_image": np.stack([result.aligned_from_image for result in results]),
    }
    return arrays, _columns(results)


def _read(path: Path, sha1: str, max_pixels: int) -> np.ndarray:
    try:
        data = images.read_file(path)
        if sha1_bytes(data) != sha1:
            raise UserError(f"{path} has changed since it was ingested: run `dvc repro` again")
        return images.decode(data, max_pixels=max_pixels)
    except images.Rejected as error:
        raise UserError(
            f"{path} cannot be read any more ({error.detail}): run `dvc repro` again"
        ) from None


@functools.cache
def _aligner(assets: Path, params: AlignParams, device: str) -> Aligner:
    """Networks are loaded once in each process."""
    return make_aligner(params, assets, device)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Torch computes in this thread alone: workers do not compete for cores."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _specs(size: int) -> dict[str, Spec]:
    return {
        "images": Spec((size, size, 3), "uint8"),
        "points": Spec((5, 2), "float32"),
        "aligned_from_image": Spec((2, 3), "float32"),
    }


def _empty_columns(rows: int) -> Columns:
    names = ("box_x", "box_y", "box_w", "box_h", "confidence")
    return {
        "aligned": np.zeros(rows, bool),
        "detection": np.full(rows, "", object),
        **{name: np.zeros(rows, np.float32) for name in names},
    }


def _columns(results: list[Aligned]) -> Columns:
    boxes = np.stack([result.box for result in results])
    return {
        "aligned": np.array([result.aligned for result in results]),
        "detection": np.array([result.detection for result in results], object),
        **{name: boxes[:, i] for i, name in enumerate(("box_x", "box_y", "box_w", "box_h"))},
        "confidence": np.array([result.confidence for result in results], np.float32),
    }
