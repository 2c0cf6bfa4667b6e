"""PRN's network, with the authors' variable names.

Modules have the names of the scopes in the authors' TensorFlow graph, so a variable's name is its
path in the network with slashes instead of dots:

    resfcn256/resBlock_3/Conv_1/BatchNorm/gamma

Source: Feng et al. 2018, section 3.3, and the authors' checkpoint. Padding is TensorFlow's SAME: an
odd pixel is added at the bottom and the right.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

SIZE = 256  # px, side of the input and of the position map
POSITION_RANGE = 1.1 * SIZE  # crop px: an output of 1
EPSILON = 0.001  # of batch normalization, for channels without variance

_KERNEL = 4  # px
_STEM = 16  # channels
_ENCODER = (  # channels, stride
    *((32, 2), (32, 1), (64, 2), (64, 1), (128, 2), (128, 1)),
    *((256, 2), (256, 1), (512, 2), (512, 1)),
)
_DECODER = (
    *((512, 1), (256, 2), (256, 1), (256, 1), (128, 2), (128, 1), (128, 1)),
    *((64, 2), (64, 1), (64, 1), (32, 2), (32, 1), (16, 2), (16, 1), (3, 1), (3, 1), (3, 1)),
)


class BatchNorm(nn.Module):
    """Batch normalization with the statistics of the training."""

    moving_mean: Tensor
    moving_variance: Tensor

    def __init__(self, channels: int):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))
        self.register_buffer("moving_mean", torch.zeros(channels))
        self.register_buffer("moving_variance", torch.ones(channels))

    def forward(self, values: Tensor) -> Tensor:
        """Normalize (N, C, H, W)."""
        return functional.batch_norm(
            values, self.moving_mean, self.moving_variance, self.gamma, self.beta, eps=EPSILON
        )


class Convolution(nn.Module):
    """A convolution without bias; if it is not bare, with batch normalization and ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, bare: bool = False):
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(outputs, inputs, kernel, kernel))
        self.BatchNorm = None if bare else BatchNorm(outputs)
        self._stride = stride
        before, after = same_padding(kernel, stride)
        self._padding = (before, after, before, after)

    def forward(self, values: Tensor) -> Tensor:
        """Convolve (N, C, H, W), H and W multiples of the stride: (N, C', H / stride, …)."""
        padded = functional.pad(values, self._padding)
        values = functional.conv2d(padded, self.weights, stride=self._stride)
        return values if self.BatchNorm is None else functional.relu(self.BatchNorm(values))


class TransposedConvolution(nn.Module):
    """A transposed convolution without bias, then batch normalization and ReLU or a sigmoid."""

    def __init__(self, inputs: int, outputs: int, stride: int, last: bool):
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(inputs, outputs, _KERNEL, _KERNEL))
        self.BatchNorm = BatchNorm(outputs)
        self._activation = torch.sigmoid if last else functional.relu
        self._stride = stride

    def forward(self, values: Tensor) -> Tensor:
        """Enlarge (N, C, H, W) to (N, C', H * stride, W * stride)."""
        before, after = same_padding(_KERNEL, self._stride)
        values = functional.conv_transpose2d(
            values, self.weights, stride=self._stride, padding=before
        )
        cut = after - before  # torch crops symmetrically
        values = values[..., : values.shape[-2] - cut, : values.shape[-1] - cut]
        return self._activation(self.BatchNorm(values))


class ResfcnBlock(nn.Module):
    """Three convolutions and a shortcut, which is a convolution if the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        half = outputs // 2
        changes = stride != 1 or inputs != outputs
        self.shortcut = Convolution(inputs, outputs, 1, stride, bare=True) if changes else None
        self.Conv = Convolution(inputs, half, 1, 1)
        self.Conv_1 = Convolution(half, half, _KERNEL, stride)
        self.Conv_2 = Convolution(half, outputs, 1, 1, bare=True)
        self.BatchNorm = BatchNorm(outputs)

    def forward(self, values: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C', H / stride, W / stride)."""
        shortcut = values if self.shortcut is None else self.shortcut(values)
        change = self.Conv_2(self.Conv_1(self.Conv(values)))
        return functional.relu(self.BatchNorm(change + shortcut))


class Network(nn.Module):
    """The whole network, for inference only."""

    def __init__(self) -> None:
        super().__init__()
        layers: dict[str, nn.Module] = {"Conv": Convolution(3, _STEM, _KERNEL, 1)}
        channels = _STEM
        for i, (outputs, stride) in enumerate(_ENCODER):
            layers[_scope("resBlock", i)] = ResfcnBlock(channels, outputs, stride)
            channels = outputs
        for i, (outputs, stride) in enumerate(_DECODER):
            layers[_scope("Conv2d_transpose", i)] = TransposedConvolution(
                channels, outputs, stride, last=i == len(_DECODER) - 1
            )
            channels = outputs
        self.resfcn256 = nn.ModuleDict(layers)

    def forward(self, crops: Tensor) -> Tensor:
        """RGB crops (N, 3, 256, 256), 0 to 1, to position maps.

        Returns:
            (N, 3, 256, 256): x, y and z at each UV position, in units of ``POSITION_RANGE``;
            the origin is a pixel centre, z points towards the viewer.
        """
        values = crops
        for layer in self.resfcn256.values():
            values = layer(values)
        return values


def same_padding(kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME padding before and after an axis whose length the stride divides."""
    total = max(kernel - stride, 0)
    return total // 2, total - total // 2


def variable_shapes() -> dict[str, tuple[int, ...]]:
    """Shapes of the authors' variables by name, kernels in TensorFlow's layout.

    Kernels are (height, width, in, out), those of transposed convolutions (height, width, out, in).
    """
    with torch.device("meta"):
        state = Network().state_dict()
    return {_variable(key): tuple(_to_tensorflow(value).shape) for key, value in state.items()}


def from_variables(variables: Mapping[str, np.ndarray]) -> Network:
    """The network with the authors' variables, float32, in TensorFlow's layout.

    Raises:
        KeyError: a variable is missing.
        RuntimeError: a variable has another shape.
    """
    with torch.device("meta"):
        network = Network()
    state = {
        key: _to_torch(torch.from_numpy(variables[_variable(key)])) for key in network.state_dict()
    }
    network.load_state_dict(state, assign=True)
    return network.requires_grad_(False).eval()


def _scope(name: str, index: int) -> str:
    return f"{name}_{index}" if index else name


def _variable(key: str) -> str:
    return key.replace(".", "/")


def _to_tensorflow(kernel: Tensor) -> Tensor:
    """(out, in, h, w), or (in, out, h, w) if transposed, with its axes in TensorFlow's order."""
    return kernel.permute(2, 3, 1, 0) if kernel.ndim == 4 else kernel


def _to_torch(kernel: Tensor) -> Tensor:
    return kernel.permute(3, 2, 0, 1).contiguous() if kernel.ndim == 4 else kernel
