"""Writes the default data set: class folders of JPEG files, and the ground truth.

    out/
      images/<class>/<class>_0012.jpg
      truth/               packed arrays, row i belongs to row i of truth/manifest.parquet

The random generator of each picture is seeded by (seed, class, number in the class), so a picture
does not depend on the number of pictures or workers.
"""

import shutil
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from fer3d.errors import UserError
from fer3d.files.atomic import atomic_folder
from fer3d.files.digests import sha1_bytes
from fer3d.files.packed import PackedWriter
from fer3d.files.specs import Spec
from fer3d.machine.ordered_map import batches, map_ordered
from fer3d.machine.settings import Settings
from fer3d.reconstruction.topology import VERTICES
from fer3d.synthesis.params import SynthesizeParams
from fer3d.synthetic.action_units import ACTION_UNITS
from fer3d.synthetic.draw import PROTOTYPES, Degradation, sample_degradation, sample_spec
from fer3d.synthetic.model import FaceModel, load_model
from fer3d.synthetic.render import render
from fer3d.synthetic.spec import FaceSpec, Truth
from fer3d.toolbox import Toolbox

BATCH = 8  # images per task
TRUTH = {
    "vertices_image": Spec((VERTICES, 3), "float32"),  # px, image frame
    "vertices_face": Spec((VERTICES, 3), "float32"),  # cm, face frame, without the head's pose
    "action_units": Spec((len(ACTION_UNITS),), "float32"),  # 0..1, order of ACTION_UNITS
    "rotation": Spec((3, 3), "float32"),  # viewer_from_face
    "light": Spec((3,), "float32"),  # unit, to the light, viewer's frame
    "ambient": Spec((), "float32"),  # 0..1
    "visible": Spec((VERTICES,), "bool"),  # not occluded from the camera
}


@dataclass(frozen=True)
class PlannedFile:
    """One file of the data set; for a copy, ``source`` is the original entry."""

    label: str
    number: int
    source: "PlannedFile | None" = None

    @property
    def id(self) -> str:
        return f"{self.label}/{self.label}_{self.number:04d}.jpg"


@dataclass(frozen=True, eq=False)
class RenderedFile:
    """A file and its ground truth."""

    data: bytes
    sha1: str
    spec: FaceSpec
    truth: Truth


def synthesize(out: Path, params: SynthesizeParams, toolbox: Toolbox) -> dict[str, object]:
    """Render the data set into ``out``, which is replaced.

    Args:
        out: folder to write: ``images`` and ``truth``.
        params: of the stage.
        toolbox: model files and workers.

    Returns:
        Metrics: ``{images, copies, conflicting_copies, per_class}``.

    Raises:
        UserError: an unknown class, no images, or a missing model file.
    """
    entries = plan(params)
    model = load_model(toolbox.assets)
    originals = [entry for entry in entries if entry.source is None]
    with atomic_folder(out / "images") as folder:
        rows = _render_all(model, originals, folder, params, toolbox.settings)
        for entry in entries:
            if entry.source is not None:
                shutil.copyfile(folder / entry.source.id, folder / entry.id)
    _write_truth(out / "truth", entries, rows, params.size)
    return _metrics(entries)


def plan(params: SynthesizeParams) -> list[PlannedFile]:
    """All files of the data set, sorted by id, including copies.

    Copies are additional to the images of their class and get the next free numbers.
    """
    unknown = sorted(set(params.images) - set(PROTOTYPES))
    if unknown:
        raise UserError(
            f"synthesize.images: unknown class {unknown[0]!r}, known: {list(PROTOTYPES)}"
        )
    originals = [
        PlannedFile(label, i)
        for label in sorted(params.images)
        for i in range(params.images[label])
    ]
    if not originals:
        raise UserError("synthesize.images: expected at least one image")
    return sorted([*originals, *_copies(originals, params)], key=lambda entry: entry.id)


def make_picture(model: FaceModel, entry: PlannedFile, params: SynthesizeParams) -> RenderedFile:
    """Draw the arguments of one image, render, degrade and encode it."""
    rng = np.random.default_rng((params.seed, zlib.crc32(entry.label.encode()), entry.number))
    spec = sample_spec(rng, entry.label, params.size, params.max_yaw_deg)
    rendered = render(model, spec)
    data = degrade(rendered.image, sample_degradation(rng), rng)
    return RenderedFile(data, sha1_bytes(data), spec, rendered.truth)


def degrade(image: np.ndarray, how: Degradation, rng: np.random.Generator) -> bytes:
    """Blur, add sensor noise and encode as JPEG.

    Args:
        image: (H, W, 3) uint8 RGB.
    """
    values: np.ndarray = image.astype(np.float32)
    if how.blur > 0.0:
        values = cv2.GaussianBlur(values, (0, 0), how.blur)
    values += rng.normal(0.0, how.noise, image.shape).astype(np.float32)
    coded = np.clip(np.round(values), 0, 255).astype(np.uint8)
    bgr = cv2.cvtColor(coded, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, how.quality])
    return data.tobytes()


def _copies(originals: list[PlannedFile], params: SynthesizeParams) -> list[PlannedFile]:
    count = round(params.duplicate_fraction * len(originals))
    labels = sorted({entry.label for entry in originals})
    conflicting = min(params.conflicting_duplicates, count) if len(labels) > 1 else 0
    rng = np.random.default_rng((params.seed, zlib.crc32(b"copies")))
    chosen = rng.choice(len(originals), count, replace=False)
    free = {label: params.images[label] for label in labels}
    copies = []
    for i, source in enumerate(originals[j] for j in chosen):
        others = [label for label in labels if label != source.label]
        label = others[rng.integers(len(others))] if i < conflicting else source.label
        copies.append(PlannedFile(label, free[label], source))
        free[label] += 1
    return copies


def _render_all(
    model: FaceModel,
    entries: list[PlannedFile],
    folder: Path,
    params: SynthesizeParams,
    settings: Settings,
) -> dict[str, RenderedFile]:
    for label in {entry.label for entry in entries}:
        (folder / label).mkdir()
    tasks = [[entries[i] for i in numbers] for numbers in batches(len(entries), BATCH)]
    pictures = {}
    for entry, picture in zip(entries, _pictures(model, tasks, params, settings), strict=True):
        (folder / entry.id).write_bytes(picture.data)
        pictures[entry.id] = picture
    return pictures


def _pictures(
    model: FaceModel, tasks: list[list[PlannedFile]], params: SynthesizeParams, settings: Settings
) -> Iterator[RenderedFile]:
    done = map_ordered(
        partial(_make_batch, model, params),
        tasks,
        settings=settings,
        description="synthesize",
        weights=[len(task) for task in tasks],
    )
    for batch in done:
        yield from batch


def _make_batch(
    model: FaceModel, params: SynthesizeParams, entries: list[PlannedFile]
) -> list[RenderedFile]:
    return [make_picture(model, entry, params) for entry in entries]


def _write_truth(
    folder: Path, entries: list[PlannedFile], pictures: Mapping[str, RenderedFile], size: int
) -> None:
    shown = [pictures[(entry.source or entry).id] for entry in entries]
    with PackedWriter(folder, len(entries), TRUTH) as packed:
        for row, picture in enumerate(shown):
            packed.write(row, _truth_row(picture))
        packed.finish(_manifest(entries, shown, size))


def _truth_row(picture: RenderedFile) -> dict[str, np.ndarray]:
    spec, truth = picture.spec, picture.truth
    row = {
        "vertices_image": truth.vertices_image,
        "vertices_face": truth.vertices_face,
        "action_units": spec.action_units,
        "rotation": truth.rotation,
        "light": spec.light.direction,
        "ambient": spec.light.ambient,
        "visible": truth.visible,
    }
    return {name: np.asarray(value, TRUTH[name].dtype)[None] for name, value in row.items()}


def _manifest(entries: list[PlannedFile], shown: list[RenderedFile], size: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [entry.id for entry in entries],
            "path": [entry.id for entry in entries],
            "label": [entry.label for entry in entries],
            "sha1": [picture.sha1 for picture in shown],
            "width": size,
            "height": size,
            "source_id": [(entry.source or entry).id for entry in entries],
            "pitch": [picture.spec.pose.pitch for picture in shown],
            "yaw": [picture.spec.pose.yaw for picture in shown],
            "roll": [picture.spec.pose.roll for picture in shown],
        }
    )


def _metrics(entries: list[PlannedFile]) -> dict[str, object]:
    copies = [(entry, entry.source) for entry in entries if entry.source is not None]
    labels = sorted({entry.label for entry in entries})
    return {
        "images": len(entries),
        "copies": len(copies),
        "conflicting_copies": sum(copy.label != source.label for copy, source in copies),
        "per_class": {label: sum(entry.label == label for entry in entries) for label in labels},
    }
