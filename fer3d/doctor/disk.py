"""Disk space and inodes: what a data set needs, and what is free."""

import math
import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fer3d.checkout import MANIFEST, SYNTHETIC
from fer3d.datasets.layout import find_archive, find_list, image_root
from fer3d.datasets.params import KEPT
from fer3d.doctor.finding import Finding, ok, problem, size, warning
from fer3d.errors import UserError
from fer3d.files.manifest import read
from fer3d.files.search import search
from fer3d.params import Params

# Bytes per row, measured on FER2013 (30,719 images, 42,380 rows): docs/scale.md
ROWS_PER_IMAGE = 1.6  # after balancing; 1.38 for FER2013, 1.55 for the default data set
FACE_BYTES = {"facemesh": 12_800, "prnet": 538_000}
OBJECT_BYTES = 700  # header of an object
MODEL_FILES_BYTES = 250e6  # model files, and temporarily the package that contains them
FILES_PER_ROW = 3  # objects of align, reconstruct, relight


@dataclass(frozen=True)
class Need:
    """Disk space and files of a complete run."""

    images: int
    outputs: float  # bytes in data/
    objects: float  # bytes in the object store
    files: int  # in the object store


def need(images: int, params: Params) -> Need:
    """Disk space that a data set needs.

    Args:
        images: number of images before balancing.
    """
    rows = math.ceil(images * ROWS_PER_IMAGE)
    aligned = 3 * params.align.size**2
    face = FACE_BYTES[params.reconstruct.backend]
    shading = 2 * params.relight.size**2
    outputs = images * aligned + rows * (aligned + face + shading)
    objects = images * aligned + rows * (face + shading + FILES_PER_ROW * OBJECT_BYTES)
    return Need(images, outputs + MODEL_FILES_BYTES, objects, FILES_PER_ROW * rows)


def count_images(checkout: Path, params: Params) -> int | None:
    """Number of images: from the manifest, else from the folder or list; None if unknown."""
    import pyarrow.parquet as pq

    if (manifest := present_manifest(checkout, params)) is not None:
        return pq.read_metadata(manifest).num_rows
    source = checkout / params.ingest.source
    if not source.exists():
        rendered = Path(params.ingest.source).is_relative_to(SYNTHETIC)
        return sum(params.synthesize.images.values()) if rendered else None
    if find_archive(source, params.ingest.layout):
        return None  # unknown until it is unpacked
    try:
        listed = find_list(source)
    except UserError:  # ingest reports it
        return None
    if listed is None:
        return len(search(source).images)
    if listed.suffix.lower() == ".parquet":
        return pq.read_metadata(listed).num_rows
    with listed.open("rb") as lines:
        return sum(1 for _ in lines) - 1


def largest_image(checkout: Path, params: Params) -> float:
    """Pixels of the largest image with its border in `align`; 0 before `ingest`."""
    manifest = present_manifest(checkout, params)
    if manifest is None:
        return 0.0
    sizes = read(manifest)[["width", "height"]].astype(float)
    return float(sizes.prod(axis=1).max()) * (1 + 2 * params.align.padding) ** 2


def present_manifest(checkout: Path, params: Params) -> Path | None:
    """The file of the manifest of ``ingest``; None if there is none, or it is of another source.

    It is of the source if its first image is there. If the source is not there at all, such as on
    a machine that got the outputs of another one, the manifest counts.
    """
    import pyarrow.parquet as pq

    manifest, source = checkout / MANIFEST, checkout / params.ingest.source
    if not manifest.exists():
        return None
    if not source.exists():
        return manifest
    root = image_root(source, params.ingest.layout, checkout / KEPT)
    with pq.ParquetFile(manifest) as table:
        first = next(table.iter_batches(1, columns=["path"]), None)
    there = first is not None and (root / first["path"][0].as_py()).exists()
    return manifest if there else None


def room(
    needed: Need | None,
    places: Mapping[str, tuple[Path, float]],
    started: bool,
) -> list[Finding]:
    """Free space of each file system that the run writes to.

    Args:
        needed: None if the number of images is not known.
        places: folder and number of bytes to write, by name.
        started: some outputs exist already, so less space is needed.
    """
    if needed is None:
        advice = "see ingest.source in params.yaml; an archive is counted by `dvc repro ingest`"
        return [warning("disk", "the number of images is not known", advice)]
    by_device: dict[int, list[tuple[str, Path, float]]] = defaultdict(list)
    for name, (folder, count) in places.items():
        existing = _existing(folder)
        by_device[existing.stat().st_dev].append((name, existing, count))
    findings = []
    for parts in by_device.values():
        names, folder = ", ".join(name for name, _, _ in parts), parts[0][1]
        total = sum(count for _, _, count in parts)
        findings.append(judge_room(names, needed.images, free_bytes(folder), total, started))
    return findings


def free_bytes(folder: Path) -> int:
    """Free space of the file system of a folder, which may not exist yet."""
    stat = os.statvfs(_existing(folder))
    return stat.f_bavail * stat.f_frsize


def judge_room(names: str, images: int, free: float, needed: float, started: bool) -> Finding:
    """A finding about one file system."""
    detail = f"{names}: {size(free)} free, {images:,} images take about {size(needed)}"
    if free >= needed:
        return ok("disk", detail)
    advice = (
        f"free {size(needed - free)}, move data or store to another disk, or let DVC link files "
        "instead of copying: `dvc config cache.type reflink,hardlink,symlink,copy`"
    )
    if started:  # some of it is already written
        return warning("disk", f"{detail} in total", advice)
    return problem("disk", detail, advice)


def inodes(store: Path, files: int, free: int | None = None, total: int | None = None) -> Finding:
    """Free inodes of the store's file system; some file systems have no limit."""
    stat = os.statvfs(_existing(store))
    free = stat.f_favail if free is None else free
    total = stat.f_files if total is None else total
    detail = f"{free:,} inodes free on the store's disk, at most {files:,} objects"
    if total and free < files:
        return problem("files", detail, "put the store on a file system with more inodes, or on S3")
    return ok("files", detail if total else f"no limit, at most {files:,} objects")


def _existing(path: Path) -> Path:
    """The path, or its nearest parent that exists."""
    path = path.absolute()
    return next(place for place in (path, *path.parents) if place.exists())
