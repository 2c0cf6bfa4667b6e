"""Digests of files, arrays and settings."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np


def sha1_bytes(data: bytes) -> str:
    """SHA-1 of a file's bytes, 40 hexadecimal digits (paper B, section 4: exact duplicates)."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_json(value: Mapping[str, Any]) -> str:
    """SHA-256 of a JSON-serializable value, independent of the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_arrays(prefix: str, arrays: Iterable[np.ndarray]) -> str:
    """SHA-256 of a prefix and of the dtype, shape and bytes of each array."""
    digest = hashlib.sha256(prefix.encode())
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def code_digests(*packages: ModuleType) -> dict[str, str]:
    """SHA-256 of each module of some packages, without the packages inside them."""
    folders = {package.__name__: Path(package.__path__[0]) for package in packages}
    return {
        f"{name}.{file.stem}": sha256_file(file)
        for name, folder in folders.items()
        for file in sorted(folder.glob("*.py"))
    }
