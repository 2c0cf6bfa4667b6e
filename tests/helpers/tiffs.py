"""Grey TIFF files of any depth."""

import struct

import numpy as np

WHITE_IS_ZERO, BLACK_IS_ZERO = 0, 1
UNSIGNED, SIGNED, FLOAT = 1, 2, 3


def tiff(values: np.ndarray, sample_format: int, photometric: int = BLACK_IS_ZERO) -> bytes:
    """A grey TIFF file."""
    height, width = values.shape
    data = values.tobytes()
    tags = [
        (256, width),
        (257, height),
        (258, 8 * values.itemsize),
        (259, 1),  # not compressed
        (262, photometric),
        (273, 8),  # where the pixels start
        (277, 1),
        (278, height),
        (279, len(data)),
        (339, sample_format),
    ]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    head = b"II*\0" + struct.pack("<I", 8 + len(data))
    return head + data + struct.pack("<H", len(tags)) + entries + bytes(4)
