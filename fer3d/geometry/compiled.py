"""Loops compiled to machine code by Numba.

What is a loop over points, triangles or pixels with a decision at each step is one order slower in
NumPy, which needs an array for every intermediate value. Compiled code is kept on disk beside the
module (or in the user's cache folder) and compiled anew when the module's file changes; Numba does
not look at other files, so compiled functions call only those of their own module.

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
    except RuntimeError:  # no folder to keep compiled code in: every process compiles
        return njit(error_model="numpy")(function)
