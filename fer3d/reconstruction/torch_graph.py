"""A network of a TensorFlow Lite file as a PyTorch module.

Images are (N, H, W, C) in the file and (N, C, H, W) between the layers here, in PyTorch's memory
format ``channels_last``, where both have the same bytes.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer3d.errors import UserError
from fer3d.reconstruction.tflite_graph import Operator, read_operators

_FIRST, _LAST = (0, 3, 1, 2), (0, 2, 3, 1)  # permutations that put channels there
_IMAGE = 4  # axes
_SAME, _NO_ACTIVATION = 0, 0  # in the schema


class GraphNetwork(nn.Module):
    """The part of a network between given tensors, for batches of any size."""

    def __init__(self, data: bytes, inputs: Sequence[int], outputs: Sequence[int]):
        """Build the layers.

        Args:
            data: a file with one graph.
            inputs, outputs: indices of tensors.

        Raises:
            UserError: the file has an operator that is not known here.
        """
        super().__init__()
        operators = read_operators(data, inputs, outputs)
        self._inputs, self._outputs = tuple(inputs), tuple(outputs)
        self._steps = [(operator.inputs, operator.output) for operator in operators]
        self._last = {i: number for number, (read, _) in enumerate(self._steps) for i in read}
        self._last |= dict.fromkeys(self._outputs, len(operators))
        self.layers = nn.ModuleList(_layer(operator) for operator in operators)
        self.requires_grad_(False).eval()

    def forward(self, *inputs: Tensor) -> list[Tensor]:
        """The outputs (N, ...) of inputs (N, ...), with the axes that they have in the file."""
        values = {i: _permuted(x, _FIRST) for i, x in zip(self._inputs, inputs, strict=True)}
        steps = zip(self.layers, self._steps, strict=True)
        for number, (layer, (read, output)) in enumerate(steps):
            values[output] = layer(*(values[i] for i in read))
            for i in read:
                if self._last[i] == number:
                    values.pop(i, None)
        return [_permuted(values[i], _LAST) for i in self._outputs]


class Sum(nn.Module):
    """The sum of two tensors of one shape."""

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        return one + other


class Pad(nn.Module):
    """Zeros around images, or after their channels."""

    def __init__(self, margins: np.ndarray):
        """Args: margins: (4, 2) int, before and after the axes (N, H, W, C)."""
        super().__init__()
        _, rows, columns, channels = margins.tolist()
        self._margins = [*columns, *rows, *channels]  # from the last axis

    def forward(self, images: Tensor) -> Tensor:
        return F.pad(images, self._margins)


class Slice(nn.Module):
    """Every so many elements of each axis but the first."""

    def __init__(self, start: np.ndarray, stop: np.ndarray, step: np.ndarray):
        """Args: start, stop, step: (4,) int, of the axes (N, H, W, C)."""
        super().__init__()
        rows, columns, channels = map(slice, *(part[1:].tolist() for part in (start, stop, step)))
        self._parts = slice(None), channels, rows, columns

    def forward(self, images: Tensor) -> Tensor:
        return images[self._parts]


class Reshape(nn.Module):
    """Another shape for images, whose elements are counted with channels as the last axis."""

    def __init__(self, shape: Sequence[int]):
        """Args: shape: without the first axis."""
        super().__init__()
        self._shape = tuple(shape)

    def forward(self, images: Tensor) -> Tensor:
        return _permuted(images, _LAST).reshape(len(images), *self._shape)


def _permuted(values: Tensor, axes: tuple[int, ...]) -> Tensor:
    return values.permute(axes) if values.ndim == _IMAGE else values


def _layer(operator: Operator) -> nn.Module:
    """The layer of an operator, with its weights."""
    build = _BUILDERS.get(operator.name)
    if build is None:
        raise UserError(f"operator {operator.name} is not known, expected {', '.join(_BUILDERS)}")
    return build(operator)


def _convolution(operator: Operator) -> nn.Module:
    weight, bias = operator.constants
    return _convolved(operator, weight.transpose(0, 3, 1, 2), bias, groups=1)


def _depthwise(operator: Operator) -> nn.Module:
    weight, bias = operator.constants
    return _convolved(operator, weight.transpose(3, 0, 1, 2), bias, groups=operator.shape[3])


def _convolved(operator: Operator, weight: np.ndarray, bias: np.ndarray, groups: int) -> nn.Module:
    """A convolution with weights (O, I, height, width), after TensorFlow's padding."""
    options, kernel = operator.options, weight.shape[2:]
    stride = options.StrideH(), options.StrideW()
    if options.FusedActivationFunction() or options.DilationHFactor() != 1:
        raise UserError(f"{operator.name} with an activation or dilation is not known")
    layer = nn.utils.skip_init(
        nn.Conv2d, operator.shape[3], len(weight), kernel, stride, groups=groups
    )
    layer.weight.data = torch.tensor(weight)
    layer.bias.data = torch.tensor(bias)
    if options.Padding() != _SAME:
        return layer
    rows, columns = map(same_padding, operator.shape[1:3], kernel, stride)
    if rows[0] == rows[1] and columns[0] == columns[1]:
        layer.padding = rows[0], columns[0]
        return layer
    return nn.Sequential(nn.ZeroPad2d((*columns, *rows)), layer)


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME padding before and after an axis: an odd pixel is added after it.

    Args:
        size: of the axis, px.
        kernel, stride: px.
    """
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _prelu(operator: Operator) -> nn.Module:
    (slopes,) = operator.constants
    if slopes.shape[:2] != (1, 1):
        raise UserError("PRELU with slopes that differ within an image is not known")
    layer = nn.PReLU(slopes.size)
    layer.weight.data = torch.tensor(slopes.ravel())
    return layer


def _sum(operator: Operator) -> nn.Module:
    if len(operator.inputs) != 2 or operator.options.FusedActivationFunction():
        raise UserError("ADD of a constant or with an activation is not known")
    return Sum()


def _pool(operator: Operator) -> nn.Module:
    options = operator.options
    if options.Padding() == _SAME or options.FusedActivationFunction():
        raise UserError("MAX_POOL_2D with padding or an activation is not known")
    return nn.MaxPool2d(
        (options.FilterHeight(), options.FilterWidth()), (options.StrideH(), options.StrideW())
    )


def _slice(operator: Operator) -> nn.Module:
    options = operator.options
    masks = options.BeginMask(), options.EndMask(), options.ShrinkAxisMask(), options.NewAxisMask()
    if any(masks) or options.EllipsisMask():
        raise UserError("STRIDED_SLICE with a mask is not known")
    return Slice(*operator.constants)


def _reshape(operator: Operator) -> nn.Module:
    return Reshape(operator.options.NewShapeAsNumpy()[1:].tolist())


_BUILDERS: Mapping[str, Callable[[Operator], nn.Module]] = {
    "ADD": _sum,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "MAX_POOL_2D": _pool,
    "PAD": lambda operator: Pad(*operator.constants),
    "PRELU": _prelu,
    "RESHAPE": _reshape,
    "STRIDED_SLICE": _slice,
}
