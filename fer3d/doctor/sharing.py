"""The object store, DVC's cache, and what killed runs may have left."""

import hashlib
import json
import secrets
import stat
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer3d.assets import catalogue
from fer3d.doctor.finding import Finding, ok, problem, size, warning
from fer3d.errors import UserError
from fer3d.files.atomic import current_umask, unfinished
from fer3d.files.digests import sha256_file
from fer3d.machine import addresses
from fer3d.machine.settings import Settings
from fer3d.store.objects import ObjectStore, name_of, open_store

if TYPE_CHECKING:
    from dvc.repo import Repo

LINKS = ("reflink", "hardlink", "symlink")  # DVC's names of links that take no second copy


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


def links(checkout: Path) -> Finding:
    """How DVC puts files of its cache into the checkout: by links, or as second copies."""
    repo = _repo(checkout)
    if repo is None:
        return problem("dvc cache", "this is no DVC repository", "run from the checkout's folder")
    with repo:
        wanted, cache = list(repo.cache.local.cache_types), Path(repo.cache.local.path)
    works = [kind for kind in wanted if kind == "copy" or linkable(kind, cache, checkout / "data")]
    return judge_links(wanted, works, cache)


def judge_links(wanted: list[str], works: list[str], cache: Path) -> Finding:
    """A finding about link types.

    Args:
        wanted: those of DVC's configuration, in its order.
        works: those among them that the file system can do.
    """
    kind = works[0] if works else "none"
    if kind in LINKS:
        return ok("dvc cache", f"{kind}s into {cache}")
    if kind == "none":
        return problem(
            "dvc cache",
            f"{' and '.join(wanted)} do not work between {cache} and data/",
            "`dvc config cache.type reflink,hardlink,symlink,copy`",
        )
    return warning(
        "dvc cache",
        f"copies from {cache}: the data set takes its room twice",
        "`dvc config cache.type reflink,hardlink,symlink,copy`, then `dvc checkout --relink "
        "--allow-missing`",
    )


def linkable(kind: str, cache: Path, data: Path) -> bool:
    """Whether a file in DVC's cache can be linked from the data folder."""
    from dvc_objects.fs import system

    name = f".fer3d-doctor-{secrets.token_hex(4)}.tmp"
    source, link = cache / name, data / f"{name}.link"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        data.mkdir(parents=True, exist_ok=True)
        source.write_bytes(b"probe")
        getattr(system, kind)(str(source), str(link))
    except OSError:
        return False
    finally:
        for file in (link, source):
            with suppress(OSError):  # its folder could not be made
                file.unlink(missing_ok=True)
    return True


def dvc_state(checkout: Path) -> list[Finding]:
    """DVC's locks and its lock file, which a kill or a power loss may have damaged."""
    return [finding for finding in (_rwlock(checkout), _lock_file(checkout)) if finding] or [
        ok("dvc state", "no lock, dvc.lock is whole")
    ]


def model_files(checkout: Path) -> Finding:
    """Model files against their pinned SHA-256."""
    folder = checkout / "data/assets"
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
    return ok("dask", f"{workers} workers at {client.scheduler.address}")


def leftovers(checkout: Path) -> Finding:
    """What killed runs have left."""
    found = [path for name in ("data", "metrics", "plots") for path in unfinished(checkout / name)]
    if not found:
        return ok("leftovers", "none")
    files = [file for path in found for file in (path, *path.rglob("*")) if file.is_file()]
    total = size(sum(file.stat().st_size for file in files))
    return warning(
        "leftovers",
        f"{len(found)} unfinished results of {total}",
        "the next stage that runs removes them",
    )


def cache_folder(checkout: Path) -> Path:
    """Where DVC's cache lies."""
    repo = _repo(checkout)
    if repo is None:
        return checkout / ".dvc/cache"
    with repo:
        return Path(repo.cache.local.path)


def _repo(checkout: Path) -> "Repo | None":
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        return Repo(str(checkout))
    except DvcException:
        return None


def _rwlock(checkout: Path) -> Finding | None:
    import psutil

    path = checkout / ".dvc/tmp/rwlock"
    try:
        locks = json.loads(path.read_text())
        readers = chain.from_iterable(locks.get("read", {}).values())
        holders = chain(readers, locks.get("write", {}).values())
        numbers = {int(holder["pid"]) for holder in holders if holder}
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        advice = f"`rm {path}` while no DVC command runs"
        return problem("dvc state", f"{path} is damaged", advice)
    living = sorted(number for number in numbers if psutil.pid_exists(number))
    if living:
        detail = f"locked by process {', '.join(map(str, living))}"
        advice = f"wait for it; if that is no DVC command, `rm {path}`"
        return warning("dvc state", detail, advice)
    return None  # DVC drops locks of dead processes by itself


def _lock_file(checkout: Path) -> Finding | None:
    import yaml

    path = checkout / "dvc.lock"
    try:
        content = yaml.safe_load(path.read_text()) if path.exists() else {"stages": {}}
    except (yaml.YAMLError, UnicodeDecodeError):
        content = None
    if isinstance(content, dict) and "stages" in content:
        return None
    advice = "`git checkout dvc.lock`, or delete it: DVC's run cache knows what was computed"
    return problem("dvc state", "dvc.lock is damaged", advice)
