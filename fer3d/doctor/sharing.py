"""The object store, DVC's cache, and what killed runs may have left."""

import hashlib
import secrets
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer3d.assets import catalogue
from fer3d.checkout import ASSETS, DVC_CACHE, OUTPUTS
from fer3d.doctor.finding import Finding, ok, problem, size, warning
from fer3d.errors import UserError
from fer3d.files.atomic import current_umask, unfinished
from fer3d.files.digests import sha256_file
from fer3d.machine import addresses
from fer3d.machine.settings import Settings
from fer3d.store.objects import ObjectStore, name_of, open_store

LINKS = {"hardlink", "symlink"}  # DVC's names of links that take no second copy, where it may


@dataclass(frozen=True)
class Cache:
    """DVC's cache.

    Attributes:
        folder: where it lies.
        links: it is configured to link files into the checkout; without it DVC copies them, or
            makes reflinks where the file system can.
        without_git: DVC is told that there is no git repository.
    """

    folder: Path
    links: bool
    without_git: bool = False


def store(settings: Settings) -> Finding:
    """An object written to the store, read back, and removed."""
    if settings.store == addresses.SWITCHED_OFF:
        advice = "unset FER3D_STORE: without a store an interrupted stage starts again"
        return warning("store", "switched off", advice)
    try:
        opened = open_store(settings.store)
    except UserError as error:
        return problem("store", str(error), "correct FER3D_STORE")
    assert opened is not None
    return probe(opened)


def probe(opened: ObjectStore) -> Finding:
    """Whether an object that is written can be read."""
    values = np.frombuffer(secrets.token_bytes(64), np.uint8)
    key = hashlib.sha256(values.tobytes()).hexdigest()
    written = opened.write_many("doctor 1", {key: {"probe": values}})
    found = opened.read_many([key])
    if found.trouble:
        return problem("store", found.trouble, "see FER3D_STORE and the network")
    if written.trouble:
        return warning("store", f"{written.trouble}; it can be read", "ask who owns it")
    if found.arrays[0] is None or not np.array_equal(found.arrays[0]["probe"], values):
        return problem("store", f"{opened.address} loses what is written", "use another disk")
    opened.files.remove([name_of(key)])
    return ok("store", f"{opened.address}: written, read and removed a probe")


def group(folders: dict[str, Path], umask: int | None = None) -> Finding:
    """Whether what this user writes into a group's folders can be used by the group.

    A folder is a group's if its group may write to it, or if its files inherit its group.
    """
    umask = current_umask() if umask is None else umask
    for name, folder in folders.items():
        mode = folder.stat().st_mode if folder.exists() else 0
        if not mode & (stat.S_IWGRP | stat.S_ISGID):
            continue
        if umask & stat.S_IWGRP:
            detail = f"{name} is a group's, umask {umask:03o} keeps the group from writing"
            return warning("group", detail, "set `umask 002` before the run")
        if not mode & stat.S_ISGID:
            detail = f"new files of {name} get your own group"
            return warning("group", detail, f"`chmod g+s {folder}`, and of the folders in it")
        if not mode & stat.S_IWGRP:
            return warning("group", f"the group may not write to {name}", f"`chmod g+w {folder}`")
    return ok("group", f"umask {umask:03o}")


def cache(checkout: Path) -> Cache:
    """DVC's cache, as `dvc config` tells of it."""
    command = [sys.executable, "-m", "dvc", "config", "--list"]
    told = subprocess.run(command, cwd=checkout, capture_output=True, text=True).stdout
    values = dict(line.partition("=")[::2] for line in told.splitlines())
    kinds = values.get("cache.type", "").split(",")
    folder = checkout / values.get("cache.dir", DVC_CACHE)
    without_git = values.get("core.no_scm", "").lower() == "true"
    return Cache(folder, not LINKS.isdisjoint(kinds), without_git)


def version_control(checkout: Path, cache: Cache) -> Finding:
    """Whether DVC finds the git repository that it needs, or is told that there is none."""
    top = checkout.resolve()
    is_there = any((folder / ".git").exists() for folder in (top, *top.parents))
    if is_there and cache.without_git:
        advice = "`dvc config --local --unset core.no_scm`, for `dvc exp` and `dvc metrics diff`"
        return warning("git", "a git repository, but DVC is told to use none", advice)
    if is_there:
        return ok("git", "a git repository")
    if cache.without_git:
        advice = "`git init`, for `dvc exp` and `dvc metrics diff`"
        return warning("git", "no git repository, DVC works without", advice)
    advice = "`git init`, or `dvc config --local core.no_scm true` (`make demo` does that)"
    return problem("git", "no git repository: an unpacked archive? `dvc repro` stops", advice)


def model_files(checkout: Path) -> Finding:
    """Model files against their pinned SHA-256."""
    folder = checkout / ASSETS
    known = catalogue.ASSETS.values()
    missing = [asset.name for asset in known if not (folder / asset.name).exists()]
    wrong = [
        asset.name
        for asset in known
        if asset.name not in missing and sha256_file(folder / asset.name) != asset.sha256
    ]
    if wrong:
        return warning("assets", f"damaged: {', '.join(wrong)}", "`dvc repro --force assets`")
    if missing:
        advice = "`dvc repro assets` fetches them; offline: FER3D_WHEELS"
        return warning("assets", f"{len(missing)} of {len(catalogue.ASSETS)} are not here", advice)
    return ok("assets", f"{len(catalogue.ASSETS)} files with their SHA-256")


def dask(settings: Settings) -> Finding:
    """The Dask cluster, where the settings ask for one."""
    if settings.parallel != "dask":
        if settings.dask:
            advice = "set FER3D_PARALLEL=dask, or unset FER3D_DASK"
            return warning("dask", "FER3D_DASK is set, and preprocessing runs here", advice)
        return ok("dask", "not asked for")
    from fer3d.machine.dask_cluster import connect, count_workers

    try:
        client = connect(settings)
    except UserError as error:
        return problem("dask", str(error), "start the scheduler, or unset FER3D_PARALLEL")
    workers = count_workers(client)
    if not workers:
        return problem("dask", f"no worker at {settings.dask}", "start workers")
    return ok("dask", f"{workers} workers at {client.scheduler_info()['address']}")


def leftovers(checkout: Path) -> Finding:
    """What killed runs have left."""
    found = [path for folder in OUTPUTS for path in unfinished(checkout / folder)]
    if not found:
        return ok("leftovers", "none")
    files = [file for path in found for file in (path, *path.rglob("*")) if file.is_file()]
    total = size(sum(file.stat().st_size for file in files))
    return warning(
        "leftovers",
        f"{len(found)} unfinished results of {total}",
        "the next stage that runs removes them",
    )
