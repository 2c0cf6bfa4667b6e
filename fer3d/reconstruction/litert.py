"""A part of a network file, run by LiteRT."""

from collections.abc import Sequence

import numpy as np

from fer3d.machine.terminal import native_messages_off
from fer3d.reconstruction.tflite import cut

_WHITE = np.float32(255)


class LitertNetwork:
    """The part of a network between given tensors; one row of a batch at a time.

    Attributes:
        rows: most rows of a call; bounds the memory.
    """

    rows = 32

    def __init__(self, data: bytes, inputs: Sequence[int], outputs: Sequence[int]):
        """Load the part, for one thread.

        Args:
            data: a file with one graph, whose batch size is 1.
            inputs, outputs: indices of tensors.
        """
        from ai_edge_litert.interpreter import Interpreter

        part = cut(data, inputs, outputs)
        with native_messages_off():
            self._interpreter = Interpreter(model_content=part, num_threads=1)
            self._interpreter.allocate_tensors()
        self._inputs, self._outputs = (
            [detail["index"] for detail in details]
            for details in (
                self._interpreter.get_input_details(),
                self._interpreter.get_output_details(),
            )
        )

    def __call__(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs (N, ...) float32 of inputs (N, ...) float32, or uint8 for 0 to 1."""
        found = [self._row(row) for row in zip(*arrays, strict=True)]
        return [np.concatenate(parts) for parts in zip(*found, strict=True)]

    def _row(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        for index, array in zip(self._inputs, arrays, strict=True):
            unit = array.astype(np.float32) / _WHITE if array.dtype == np.uint8 else array
            self._interpreter.set_tensor(index, unit[None])
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]
