"""Convolutions whose weights are stored in the layout of the processor's kernels."""

from typing import Any

import torch
from torch import Tensor, nn


class PackedConvolution(nn.Module):
    """A convolution without gradients, by oneDNN on a CPU.

    ``nn.Conv2d`` reorders the weights at each call, and for a single small map it has slower
    kernels.
    """

    def __init__(self, layer: nn.Conv2d):
        super().__init__()
        self.layer = layer
        self._how = layer.padding, layer.stride, layer.dilation, layer.groups
        self._packed: Tensor | None = None

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) to (B, filters, ...), as the layer does."""
        if maps.device.type != "cpu" or not torch.backends.mkldnn.is_available():
            return self.layer(maps)
        run = torch.ops.mkldnn._convolution_pointwise  # as torch.compile does; then no function
        return run(maps, self._weight(maps.shape), self.layer.bias, *self._how, "none", [], "")

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_packed": None}  # weights in that layout cannot be pickled

    def _weight(self, shape: torch.Size) -> Tensor:
        """The weights, reordered for the first maps (B, C, H, W); a kernel for maps of another
        shape reorders them again where it must."""
        if self._packed is None:
            reorder = torch.ops.aten.mkldnn_reorder_conv2d_weight
            plain = self.layer.weight.contiguous().to_mkldnn()
            self._packed = reorder(plain, *self._how, shape)
        return self._packed
