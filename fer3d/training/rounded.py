"""Weights of a network in fewer bytes, for the file of a recognizer."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

Rounding = Literal["float32", "float16", "int8"]

_SCALE = ":scale"  # added to the name of a matrix of integers: what one of them stands for
_LARGEST = torch.iinfo(torch.int8).max
_LEAST_VALUES = 4096  # smaller matrices, such as classifiers, gain nothing


def rounded(state: Mapping[str, Tensor], rounding: Rounding) -> dict[str, Tensor]:
    """The tensors of a network as they are written.

    Args:
        state: by name; integers stay as they are.
        rounding: float32: no change. float16: half of the space. int8: a quarter; large matrices
            (rows, ...) become integers from -127 to 127 and a float32 scale for each row, by which
            its largest value is 127 or -127; the rest as with float16.

    Returns:
        By name, for ``restored``.
    """
    if rounding == "float32":
        return dict(state)
    written: dict[str, Tensor] = {}
    for name, values in state.items():
        if not values.is_floating_point():
            written[name] = values
        elif rounding == "int8" and values.dim() > 1 and values.numel() >= _LEAST_VALUES:
            written[name], written[name + _SCALE] = _integers(values)
        else:
            written[name] = values.half()
    return written


def restored(written: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a network; those in ``int8`` with a scale as float32.

    Args:
        written: the result of ``rounded``.
    """
    state = {}
    for name, values in written.items():
        if (scale := written.get(name + _SCALE)) is not None:
            state[name] = values * _along_rows(scale, values)
        elif not name.endswith(_SCALE):
            state[name] = values
    return state


def _integers(values: Tensor) -> tuple[Tensor, Tensor]:
    """Integers (rows, ...) int8 and scales (rows,) float32."""
    scale = values.flatten(1).abs().amax(dim=1).float() / _LARGEST
    divisor = torch.where(scale > 0, scale, 1.0)
    return (values / _along_rows(divisor, values)).round().to(torch.int8), scale


def _along_rows(scale: Tensor, values: Tensor) -> Tensor:
    return scale.view(-1, *[1] * (values.dim() - 1))
