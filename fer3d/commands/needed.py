"""The keys that a checkout needs of the object store: those its next `dvc repro` asks for."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fer3d.params import Params
from fer3d.settings import Settings
from fer3d.store.producer import Producer
from fer3d.store.sources import RowSource

LAST_SOURCE = "reconstruct"  # the last stage whose output another stage looks up row by row


@dataclass(frozen=True)
class Checkout:
    """Where a checkout keeps what the keys are made of; paths relative to its top folder."""

    folder: Path
    params: Params
    settings: Settings
    data: Path = Path("data")
    models: Path = Path("models")


@dataclass(frozen=True)
class Needed:
    """Keys that a checkout needs, and why there may be others that nobody can know now."""

    keys: frozenset[str]
    unknown: tuple[str, ...] = ()


def needed_keys(checkout: Checkout) -> Needed:
    """All keys of align, reconstruct and relight that follow from the data that is there."""
    from fer3d.store.rows import keys

    found: set[str] = set()
    unknown = list(_stale(checkout))
    data = checkout.folder / checkout.data
    for source, rows in (
        (data / "split" / "manifest.parquet", _align),
        (data / "balance" / "manifest.parquet", _reconstruct),
        (data / "reconstruct" / "manifest.parquet", _relight),
    ):
        if not source.exists() or not (data / "assets").exists():
            unknown.append(f"{source.parent} or {data / 'assets'} is not there")
            continue
        found.update(keys(*rows(checkout, source)))
    return Needed(frozenset(found), tuple(unknown))


def _align(checkout: Checkout, source: Path) -> tuple[Producer, RowSource]:
    from fer3d import manifest
    from fer3d.alignment.align import device_of, producer
    from fer3d.alignment.align import source as files
    from fer3d.datasets.layout import image_root

    params = checkout.params.align
    device = device_of(params, checkout.settings)
    images = image_root(checkout.folder / checkout.params.ingest.source)
    made = producer(params, _assets(checkout), checkout.params.ingest.max_pixels, device)
    return made, files(manifest.read(source), images, device)


def _reconstruct(checkout: Checkout, source: Path) -> tuple[Producer, RowSource]:
    from fer3d.face3d.reconstruct import device_of, producer
    from fer3d.store.sources import PackedSource

    params = checkout.params.reconstruct
    device = device_of(params, checkout.settings)
    made = producer(params, _assets(checkout), checkout.folder / checkout.models, device)
    return made, PackedSource(source.parent, made.inputs)


def _relight(checkout: Checkout, source: Path) -> tuple[Producer, RowSource]:
    from fer3d.face3d.relight import folder_producer
    from fer3d.store.sources import PackedSource

    models = checkout.folder / checkout.models
    made = folder_producer(checkout.params.relight, source.parent, _assets(checkout), models)
    return made, PackedSource(source.parent, made.inputs)


def _assets(checkout: Checkout) -> Path:
    return checkout.folder / checkout.data / "assets"


def _stale(checkout: Checkout) -> Iterator[str]:
    """Why data may not be what the next `dvc repro` looks up."""
    command = [sys.executable, "-m", "dvc", "status", "--json", "--with-deps", LAST_SOURCE]
    done = subprocess.run(command, cwd=checkout.folder, capture_output=True, text=True)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        yield f"DVC does not know whether the data is up to date ({lines[0] if lines else ''})"
        return
    stages = sorted(json.loads(done.stdout))
    if stages:
        yield f"these stages are not up to date: {', '.join(stages)}"
