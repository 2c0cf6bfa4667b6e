"""A part of a network file, run by LiteRT."""

from collections.abc import Sequence

import numpy as np

from fer3d.machine.terminal import native_messages_off
from fer3d.reconstruction.tflite import cut
from fer3d.reconstruction.windows import write_fractions


class LitertNetwork:
    """The part of a network between given tensors; one row of a batch at a time.

    Attributes:
        rows: most rows of a call; with more, features no longer fit the caches.
    """

    rows = 8

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
        reads, computes = (
            self._interpreter.get_input_details(),
            self._interpreter.get_output_details(),
        )
        # views of the tensors: the interpreter does not run while one exists, so each use makes one
        self._inputs, self._outputs = (
            [self._interpreter.tensor(detail["index"]) for detail in details]
            for details in (reads, computes)
        )
        self._shapes = [tuple(detail["shape"][1:]) for detail in computes]

    def __call__(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs (N, ...) float32 of inputs (N, ...) float32, or uint8 for 0 to 1."""
        found = [np.empty((len(arrays[0]), *shape), np.float32) for shape in self._shapes]
        for row, inputs in enumerate(zip(*arrays, strict=True)):
            for read, values in zip(self._inputs, inputs, strict=True):
                _write(read()[0], values)
            self._interpreter.invoke()
            for computed, values in zip(self._outputs, found, strict=True):
                values[row] = computed()[0]
        return found


def _write(tensor: np.ndarray, values: np.ndarray) -> None:
    """Set a tensor (...) float32 to values, uint8 as fractions of white."""
    if values.dtype == np.uint8:
        write_fractions(values, tensor)
    else:
        tensor[...] = values
