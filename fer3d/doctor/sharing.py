"""Checks of the object store, DVC's cache, git, model files, Dask and unfinished outputs."""

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
from fer3d.store.objects import ObjectStore, name_of, open_store, reason

LINKS = {"hardlink", "symlink"}  # link types of DVC that need no second copy


@dataclass(frozen=True)
class Cache:
    """DVC's cache.

    Attributes:
        folder: its path.
        links: DVC is configured to link files from the cache; otherwise it copies them, or makes
            reflinks if the file system supports them.
        without_git: DVC is configured for use without git.
    """

    folder: Path
    links: bool
    without_git: bool = False


def store(settings: Settings) -> Finding:
    """Write an object to the store, read it back and remove it."""
    if settings.store == addresses.SWITCHED_OFF:
        advice = "unset FER3D_STORE: without a store, interrupted stages start over"
        return warning("store", "switched off", advice)
    try:
        opened = open_store(settings.store)
    except UserError as error:
        return problem("store", str(error), "correct FER3D_STORE")
    assert opened is not None
    return probe(opened)


def probe(opened: ObjectStore) -> Finding:
    """Whether a written object can be read."""
    values = np.frombuffer(secrets.token_bytes(64), np.uint8)
    key = hashlib.sha256(values.tobytes()).hexdigest()
    written = opened.write_many("doctor 1", {key: {"probe": values}})
    found = opened.read_many([key])
    if found.trouble:
        return problem("store", found.trouble, "see FER3D_STORE and the network")
    if written.trouble:
        try:
            opened.files.folders()
        except OSError as error:
            advice = "correct FER3D_STORE, or make the bucket"
            return problem("store", f"{opened.address}: {reason(error)}", advice)
        return warning("store", f"{written.trouble}; it can be read", "ask its owner")
    if found.arrays[0] is None or not np.array_equal(found.arrays[0]["probe"], values):
        detail = f"{opened.address} returns other bytes than were written"
        return problem("store", detail, "use another disk")
    (left,) = opened.files.remove([name_of(key)])
    if left is not None:
        detail = f"{opened.address}: written and read a probe, which stays ({reason(left)})"
        return ok("store", detail)
    return ok("store", f"{opened.address}: written, read and removed a probe")


def group(folders: dict[str, Path], umask: int | None = None) -> Finding:
    """Whether the group can use the files that this user writes into shared folders.

    A folder is shared if its group may write to it, or if its files inherit its group.
    """
    umask = current_umask() if umask is None else umask
    for name, folder in folders.items():
        mode = folder.stat().st_mode if folder.exists() else 0
        if not mode & (stat.S_IWGRP | stat.S_ISGID):
            continue
        if umask & stat.S_IWGRP:
            detail = f"{name} is shared, but umask {umask:03o} forbids the group to write"
            return warning("group", detail, "set `umask 002` before the run")
        if not mode & stat.S_ISGID:
            detail = f"new files of {name} get your own group"
            return warning("group", detail, f"`chmod g+s {folder}`, also for its subfolders")
        if not mode & stat.S_IWGRP:
            return warning("group", f"the group may not write to {name}", f"`chmod g+w {folder}`")
    return ok("group", f"umask {umask:03o}")


def cache(checkout: Path) -> Cache:
    """DVC's cache, as configured."""
    command = [sys.executable, "-m", "dvc", "config", "--list"]
    told = subprocess.run(command, cwd=checkout, capture_output=True, text=True).stdout
    values = dict(line.partition("=")[::2] for line in told.splitlines())
    kinds = values.get("cache.type", "").split(",")
    folder = checkout / values.get("cache.dir", DVC_CACHE)
    without_git = values.get("core.no_scm", "").lower() == "true"
    return Cache(folder, not LINKS.isdisjoint(kinds), without_git)


def version_control(checkout: Path, cache: Cache) -> Finding:
    """Whether DVC finds a git repository, or is configured for use without one."""
    top = checkout.resolve()
    is_there = any((folder / ".git").exists() for folder in (top, *top.parents))
    if is_there and cache.without_git:
        advice = "`dvc config --local --unset core.no_scm`, for `dvc exp` and `dvc metrics diff`"
        return warning("git", "found, but DVC is configured for use without git", advice)
    if is_there:
        return ok("git", "found")
    if cache.without_git:
        advice = "`git init`, for `dvc exp` and `dvc metrics diff`"
        return warning("git", "no git repository, as configured in DVC", advice)
    advice = "`git init`, or `dvc config --local core.no_scm true` (`make demo` does that)"
    return problem("git", "no git repository (an unpacked archive?), so `dvc repro` fails", advice)


def model_files(checkout: Path) -> Finding:
    """Model files, against their pinned SHA-256."""
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
        return warning("assets", f"{len(missing)} of {len(catalogue.ASSETS)} are missing", advice)
    return ok("assets", f"{len(catalogue.ASSETS)} files with the pinned SHA-256")


def dask(settings: Settings) -> Finding:
    """The Dask cluster, if the settings select one."""
    if settings.parallel != "dask":
        if settings.dask:
            advice = "set FER3D_PARALLEL=dask, or unset FER3D_DASK"
            return warning("dask", "FER3D_DASK is set, but preprocessing runs locally", advice)
        return ok("dask", "not used")
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
    """Unfinished outputs of killed runs."""
    found = [path for folder in OUTPUTS for path in unfinished(checkout / folder)]
    if not found:
        return ok("leftovers", "none")
    files = [file for path in found for file in (path, *path.rglob("*")) if file.is_file()]
    total = size(sum(file.stat().st_size for file in files))
    return warning(
        "leftovers",
        f"{len(found)} unfinished outputs, {total}",
        "the next stage that runs removes them",
    )
