"""Loops compiled to machine code by Numba.

Loops over points, triangles or pixels with branches are ten times slower in NumPy, which needs an
array for every intermediate value. Compiled code is cached beside the module (or in the user's
cache folder) and compiled again when the module's file changes. Numba does not check other files,
so compiled functions only call functions of their own module.

The arithmetic is that of the Python source: nothing is reordered or contracted (no ``fastmath``),
so results do not depend on the processor's vector length.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from numba import njit

P = ParamSpec("P")
Result = TypeVar("Result")


def compiled(function: Callable[P, Result]) -> Callable[P, Result]:
    """The function, compiled at its first call; division by zero gives infinity, as in NumPy."""
    try:
        return njit(cache=True, error_model="numpy")(function)
    except RuntimeError:  # no folder for the cache: every process compiles
        return njit(error_model="numpy")(function)


def inlined(function: Callable[P, Result]) -> Callable[P, Result]:
    """A function whose source is put where compiled loops call it, so that they are vectorized."""
    return njit(inline="always", error_model="numpy")(function)
