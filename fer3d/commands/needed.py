"""The keys that a checkout needs of the object store: those its next `dvc repro` asks for."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fer3d.commands.experiments import FOLDS
from fer3d.files.packed import MANIFEST
from fer3d.params import Params
from fer3d.rowwise.producer import Producer
from fer3d.rowwise.sources import RowSource

LAST_SOURCE = "reconstruct"  # the last stage whose output another stage looks up row by row
FOLD = "fold"  # the stage that does the same, and more, for a fold
DEVICES = ("cpu", "cuda")

Rows = tuple[Producer, RowSource]


@dataclass(frozen=True)
class Checkout:
    """Where a checkout keeps what the keys are made of; paths relative to its top folder."""

    folder: Path
    params: Params
    data: Path = Path("data")
    models: Path = Path("models")


@dataclass(frozen=True)
class Needed:
    """Keys that a checkout needs, and why there may be others that nobody can know now."""

    keys: frozenset[str]
    unknown: tuple[str, ...] = ()


def needed_keys(checkout: Checkout) -> Needed:
    """All keys of align, reconstruct and relight that follow from the data that is there.

    Results of both kinds of device count: a run on another machine of the group, or with another
    FER3D_DEVICE, looks up those of its own.
    """
    from fer3d.rowwise.compute import keys

    found: set[str] = set()
    unknown = list(_stale(checkout))
    data = checkout.folder / checkout.data
    for source, producers in (
        (data / "split", _align),
        (data / "balance", _reconstruct),
        (data / "reconstruct", _relight),
        *((fold / "balance", _reconstruct) for fold in _folds(checkout)),
        *((fold / "reconstruct", _relight) for fold in _folds(checkout)),
    ):
        if not (source / MANIFEST).exists() or not (data / "assets").exists():
            unknown.append(f"{source} or {data / 'assets'} is not there")
            continue
        for producer, rows in producers(checkout, source):
            found.update(keys(producer, rows))
    return Needed(frozenset(found), tuple(unknown))


def _folds(checkout: Checkout) -> list[Path]:
    """Folders of what the stages of the DAG make again for each fold of a cross validation."""
    return sorted((checkout.folder / checkout.data).glob("experiments/folds/[0-9]*"))


def _align(checkout: Checkout, folder: Path) -> Iterator[Rows]:
    from fer3d.alignment.align import producer, source
    from fer3d.datasets.layout import image_root
    from fer3d.files import manifest

    params = checkout.params
    images = image_root(checkout.folder / params.ingest.source)
    frame = manifest.read(folder / MANIFEST)
    for device in DEVICES:
        made = producer(params.align, _assets(checkout), params.ingest.max_pixels, device)
        yield made, source(frame, images, device)


def _reconstruct(checkout: Checkout, folder: Path) -> Iterator[Rows]:
    from fer3d.face3d.reconstruct import producer
    from fer3d.rowwise.sources import PackedSource

    models = checkout.folder / checkout.models
    for device in DEVICES:
        made = producer(checkout.params.reconstruct, _assets(checkout), models, device)
        yield made, PackedSource(folder, made.inputs)


def _relight(checkout: Checkout, folder: Path) -> Iterator[Rows]:
    from fer3d.face3d.relight import folder_producer
    from fer3d.rowwise.sources import PackedSource

    models = checkout.folder / checkout.models
    made = folder_producer(checkout.params.relight, folder, _assets(checkout), models)
    yield made, PackedSource(folder, made.inputs)


def _assets(checkout: Checkout) -> Path:
    return checkout.folder / checkout.data / "assets"


def _stale(checkout: Checkout) -> Iterator[str]:
    """Why data may not be what the next `dvc repro` looks up."""
    stages = [LAST_SOURCE]
    if _folds(checkout) or checkout.params.experiments.folds:
        stages.append(f"{FOLDS.pipeline}:{FOLD}")
    command = [sys.executable, "-m", "dvc", "status", "--json", "--with-deps", *stages]
    done = subprocess.run(command, cwd=checkout.folder, capture_output=True, text=True)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        yield f"DVC does not know whether the data is up to date ({lines[0] if lines else ''})"
        return
    changed = sorted(json.loads(done.stdout))
    if changed:
        yield f"these stages are not up to date: {', '.join(changed)}"
