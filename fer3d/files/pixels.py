"""Conversion of pixel values of any depth to eight bits.

Formats define how many bits a value is stored in, not how many are used: a 16-bit file can have 10
or 12 bits of a sensor, or 0 to 255. So the range is derived from the largest value:

* integers: the smallest of 8, 10, 12, 14 and 16 bits that it fits into, else the bits that it has;
* floats: 0 to 1 if no value is larger than 1, else the smallest of 8, 10, 12, 14 and 16 bits.

Negative values, NaN and infinities are errors, and so is a picture of which nothing but black would
be left: floats a little over 1, or the numbers of a few classes.
"""

import numpy as np

BITS = (8, 10, 12, 14, 16)
BLACK = 16  # of 255, black in video (ITU-R BT.601)
FLOAT_RANGES = (1.0, *(float((1 << bits) - 1) for bits in BITS))


def to_eight_bits(values: np.ndarray) -> np.ndarray:
    """Pixels of any depth as uint8.

    Args:
        values: any shape; integers, floats or bool.

    Returns:
        The same shape, uint8.

    Raises:
        ValueError: negative, infinite, NaN or too small values; the message says which.
    """
    if values.dtype == np.uint8 or not values.size:
        return values.astype(np.uint8)
    low, high = values.min(), values.max()
    if not np.isfinite(low) or not np.isfinite(high):
        raise ValueError("pixel values that are not finite")
    if low < 0:
        raise ValueError(f"negative pixel values, down to {low:g}")
    convert = _from_floats if values.dtype.kind == "f" else _from_integers
    picture = convert(values, high)
    if high > 0 and picture.max() < BLACK:
        raise ValueError(f"pixel values of at most {high:g}, which would be black")
    return picture


def _from_integers(values: np.ndarray, high: np.integer) -> np.ndarray:
    used = int(high).bit_length()
    bits = next((bits for bits in BITS if used <= bits), used)
    return (values.astype(np.int64) >> (bits - 8)).astype(np.uint8)


def _from_floats(values: np.ndarray, high: np.floating) -> np.ndarray:
    ranges = [limit for limit in FLOAT_RANGES if high <= limit]
    if not ranges:
        raise ValueError(f"pixel values up to {high:g}, expected at most {FLOAT_RANGES[-1]:g}")
    return np.rint(values.astype(np.float64) * (255 / ranges[0])).astype(np.uint8)
