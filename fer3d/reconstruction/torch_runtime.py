"""A part of a network file, run by PyTorch.

The order of summation in PyTorch's kernels depends on the size of a batch, so every call of the
network gets as many rows as any other, filled up with zeros: a row has the same bytes in every
batch.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from fer3d.machine.threads import reproducible_torch
from fer3d.reconstruction.torch_graph import GraphNetwork

ROWS = {"cpu": 4, "cuda": 128}
"""Rows of a call. On a CPU, larger batches are hardly faster, and an image has two crops in its
second call, with five passes four (docs/speed.md). On a GPU it is an estimate: four crops of the 32
images of a batch."""

_WHITE = 255


class TorchNetwork:
    """The part of a network between given tensors.

    Attributes:
        rows: most rows of a call.
    """

    def __init__(self, data: bytes, inputs: Sequence[int], outputs: Sequence[int], device: str):
        """Load the part.

        Args:
            data: a file with one graph.
            inputs, outputs: indices of tensors.
            device: cpu | cuda.

        Raises:
            UserError: the file has an operator that is not known here.
        """
        self.rows = ROWS[device]
        self._device = torch.device(device)
        self._network = GraphNetwork(data, inputs, outputs).to(self._device)

    def __call__(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs (N, ...) float32 of inputs (N, ...) float32, or uint8 for 0 to 1."""
        count = len(arrays[0])
        with torch.inference_mode(), reproducible_torch(cudnn=True):
            found = self._network(*map(self._filled, arrays))
            return [values[:count].cpu().numpy() for values in found]

    def _filled(self, array: np.ndarray) -> Tensor:
        """(rows, ...) float32 on the device, zero after the array's own rows."""
        values = torch.from_numpy(np.ascontiguousarray(array)).to(self._device)
        filled = torch.zeros((self.rows, *array.shape[1:]), device=self._device)
        filled[: len(array)] = values / _WHITE if values.dtype == torch.uint8 else values
        return filled
