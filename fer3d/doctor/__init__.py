"""Checks of a machine before a long run."""

from pathlib import Path

from fer3d.checkout import DATA, SHADINGS
from fer3d.doctor import disk, machine, sharing
from fer3d.doctor.finding import Finding, Status
from fer3d.doctor.unpacking import unpacked
from fer3d.machine import addresses
from fer3d.machine.settings import Settings
from fer3d.params import Params

__all__ = ["Finding", "Status", "examine"]


def examine(checkout: Path, params: Params, settings: Settings) -> list[Finding]:
    """All checks, in the order in which problems should be solved.

    An object is written into the object store as a test, and removed.

    Args:
        checkout: top folder of the repository.
    """
    cache = sharing.cache(checkout)
    return [
        machine.python(checkout),
        machine.packages(checkout),
        sharing.version_control(checkout, cache),
        machine.libraries(),
        sharing.model_files(checkout),
        machine.processor(settings),
        machine.memory(settings, disk.largest_image(checkout, params)),
        machine.gpu(settings),
        sharing.store(settings),
        sharing.group(_shared(checkout, cache, settings)),
        *_room(checkout, cache, params, settings),
        *unpacked(checkout, params),
        sharing.dask(settings),
        sharing.leftovers(checkout),
    ]


def _store_folder(checkout: Path, settings: Settings) -> Path | None:
    """The store's folder; None if the store is remote or switched off."""
    if settings.store == addresses.SWITCHED_OFF:
        return None
    protocol, place = addresses.parse(settings.store)
    return checkout / place if protocol == "file" else None


def _shared(checkout: Path, cache: sharing.Cache, settings: Settings) -> dict[str, Path]:
    folders = {"DVC's cache": cache.folder}
    store = _store_folder(checkout, settings)
    return folders | ({"the store": store} if store else {})


def _room(
    checkout: Path, cache: sharing.Cache, params: Params, settings: Settings
) -> list[Finding]:
    images = disk.count_images(checkout, params)
    if images is None:
        return disk.room(None, {}, started=False)
    needed = disk.need(images, params)
    places = {
        "data": (checkout / DATA, needed.outputs),
        "DVC's cache": (cache.folder, 0.0 if cache.links else needed.outputs),
    }
    store = _store_folder(checkout, settings)
    if store:
        places["store"] = (store, needed.objects)
    started = (checkout / SHADINGS).exists()
    started = started and disk.present_manifest(checkout, params) is not None
    findings = disk.room(needed, places, started=started)
    return [*findings, *([disk.inodes(store, needed.files)] if store else [])]
