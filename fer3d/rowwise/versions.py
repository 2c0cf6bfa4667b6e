"""Versions of the libraries that results depend on.

They are part of a result's key: after an update that may change a result, whatever is looked up is
computed by one and the same library, and old results stay in the store for those who still use it.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

# the packages that a library may come in, the usual one first
PACKAGES: Mapping[str, Sequence[str]] = {
    "dlib": ("dlib-bin", "dlib"),
    "litert": ("ai-edge-litert",),
    "numpy": ("numpy",),
    "open3d": ("open3d-cpu", "open3d"),
    "opencv": ("opencv-python-headless", "opencv-python", "opencv-contrib-python-headless"),
    "pillow": ("pillow",),
    "scipy": ("scipy",),
    "torch": ("torch",),
}


def versions(libraries: Sequence[str]) -> dict[str, str]:
    """Version of each library by name, "" where it is not installed.

    Raises:
        KeyError: a name that is not in ``PACKAGES``.
    """
    return {name: _version(name) for name in sorted(libraries)}


@cache
def _version(library: str) -> str:
    for package in PACKAGES[library]:
        try:
            # without the build's name: 2.13.0+cpu and 2.13.0+cu130 compute alike on a processor
            return installed(package).partition("+")[0]
        except PackageNotFoundError:
            continue
    return ""
