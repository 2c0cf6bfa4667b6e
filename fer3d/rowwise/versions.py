"""Versions of the libraries that results depend on.

They are part of a result's key, so results of different versions are never mixed, and the results
of an older version stay in the store for its users.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

from fer3d.files.digests import sha256_file, sha256_json

# packages that provide a library, the usual one first
PACKAGES: Mapping[str, Sequence[str]] = {
    "dvc": ("dvc",),
    "imagehash": ("ImageHash",),
    "litert": ("ai-edge-litert",),
    "numba": ("numba",),
    "numpy": ("numpy",),
    "open3d": ("open3d-cpu", "open3d"),
    "opencv": ("opencv-python-headless", "opencv-python", "opencv-contrib-python-headless"),
    "pillow": ("pillow",),
    "pillow-heif": ("pillow-heif",),
    "pytorch-lightning": ("pytorch-lightning",),
    "scikit-learn": ("scikit-learn",),
    "scipy": ("scipy",),
    "torch": ("torch",),
    "torchmetrics": ("torchmetrics",),
}

DECODERS = ("numpy", "opencv", "pillow", "pillow-heif")  # of image files


def versions(libraries: Sequence[str]) -> dict[str, str]:
    """Version of each library by name, "" if it is not installed.

    Raises:
        KeyError: a name that is not in ``PACKAGES``.
    """
    return {name: _version(name) for name in sorted(libraries)}


@cache
def code_digest() -> str:
    """SHA-256 of the sources of fer3d, as they are when it is first asked for."""
    package = Path(__file__).parents[1]
    files = {path.relative_to(package).as_posix(): path for path in package.rglob("*.py")}
    return sha256_json({name: sha256_file(files[name]) for name in sorted(files)})


@cache
def _version(library: str) -> str:
    for package in PACKAGES[library]:
        try:
            # without the local version: 2.13.0+cpu and 2.13.0+cu130 give the same CPU results
            return installed(package).partition("+")[0]
        except PackageNotFoundError:
            continue
    return ""
