"""Shapes and dtypes that several kernels share.

Annotations of jaxtyping: ``Float[np.ndarray, "*batch n 3"]`` is an array of floats with any leading
dimensions, then n and 3. The tests check them wherever a kernel of the library is called.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Integer, Shaped, UInt8

Image = UInt8[np.ndarray, "height width 3"]  # RGB
Images = Sequence[UInt8[np.ndarray, "_ _ 3"]]  # RGB, of any sizes
FivePoints = Float[np.ndarray, "5 2"]  # px: eyes, nose, corners of the mouth
Reals = Shaped[np.ndarray, "..."] | np.floating
Triangles = Integer[np.ndarray, "t 3"]  # vertex numbers, counter-clockwise seen from outside
