"""MediaPipe's attention mesh: a mesh network with refinement of lips and eyes.

The trunk predicts all 468 vertices. Three small branches predict the vertices of the lips and of
each eye with its brow again, from features of the trunk in windows around them. The network file
uses custom operators of MediaPipe for this, which TensorFlow Lite does not have: placing a window
on vertices, sampling features in it, transforming points back. Therefore the file is divided at
these operators, in memory, and they are implemented here. Vertices and window of each branch are
read from the file.

On a photo with a face of 111 px, the result differs by at most 0.14 px from that of MediaPipe
0.10.14.
Source: I. Grishchenko et al., Attention Mesh: High-fidelity Face Mesh Prediction in Real-time,
2020.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Integer, UInt8

from fer3d.geometry import affine
from fer3d.machine.terminal import native_messages_off
from fer3d.reconstruction.tflite import cut, open_model, operators
from fer3d.reconstruction.topology import VERTICES
from fer3d.reconstruction.windows import sample_windows

INPUT_SIZE = 192  # px, of the trunk
_PLACE, _SAMPLE = b"Landmarks2TransformMatrix", b"TransformTensorBilinear"
_RETURN = b"TransformLandmarks"
_IRIS = 5  # points of the iris branches, which are not part of the mesh


@dataclass(frozen=True)
class Branch:
    """A refinement branch.

    Attributes:
        vertices: (N,) int64, the vertices that it predicts, which determine the window.
        start, end: vertices whose connecting line is level in the window.
        scale: side of the window, relative to that of the vertices' levelled box.
        size: number of samples per side of the window.
        features, samples, points: tensors of the file: the sampled features, the input of the
            branch, its output.
    """

    vertices: Integer[np.ndarray, " n"]
    start: int
    end: int
    scale: float
    size: int
    features: int
    samples: int
    points: int

    def window(self, planar: Float[np.ndarray, "*batch 468 2"]) -> Float[np.ndarray, "*batch 2 3"]:
        """The window on a mesh.

        Args:
            planar: (..., 468, 2) float, any frame.

        Returns:
            (..., 2, 3) float64, affine from the window's samples, with the origin at a corner, to
            that frame.
        """
        x, y = np.moveaxis(planar[..., self.end, :] - planar[..., self.start, :], -1, 0)
        turn = affine.plane_rotation(np.arctan2(y, x))
        low, high = affine.levelled_box(planar[..., self.vertices, :], turn)
        linear = turn * (self.scale * (high - low) / self.size)[..., None, :]
        centre = (turn @ (low + high)[..., None] / 2)[..., 0]
        corner = centre - linear.sum(axis=-1) * self.size / 2
        return np.concatenate([linear, corner[..., None]], axis=-1)


class AttentionMesh:
    """The loaded network; calls are independent of each other."""

    def __init__(self, file: Path):
        """Load the network from its file, for one thread."""
        data = file.read_bytes()
        graph = open_model(data).Subgraphs(0)
        outputs = {int(np.prod(_shape(graph, i))): i for i in graph.OutputsAsNumpy().tolist()}
        self._branches = find_branches(data)
        (features,) = {branch.features for branch in self._branches}
        self._cells = int(_shape(graph, features)[1])  # side of the feature map
        samples, points = zip(*((b.samples, b.points) for b in self._branches), strict=True)
        trunk = [outputs[3 * VERTICES], outputs[1], features]
        self._trunk = _Part(cut(data, graph.InputsAsNumpy().tolist(), trunk))
        self._second = _Part(cut(data, samples, points))

    def __call__(
        self, crops: UInt8[np.ndarray, "n 192 192 3"]
    ) -> tuple[Float[np.ndarray, "n 2 468 3"], Float[np.ndarray, " n"]]:
        """Vertices (N, 2, 468, 3) float64, px of the crops, and logits of the faces' presence (N,).

        The first mesh of each crop is that of the trunk; the second has x and y of the branches'
        vertices.

        Args:
            crops: (N, 192, 192, 3) uint8, RGB.
        """
        trunk, scores, features = self._draw(crops)
        cell = INPUT_SIZE / self._cells
        windows = [branch.window(trunk[..., :2] / cell) for branch in self._branches]
        samples = [
            sample_windows(features, window, branch.size)
            for branch, window in zip(self._branches, windows, strict=True)
        ]
        refined = trunk.copy()
        for branch, window, points in zip(
            self._branches, windows, self._draw_again(samples), strict=True
        ):
            # points of a window are in px of the input, not in cells of the feature map
            scaled = window * [1, 1, cell]
            refined[:, branch.vertices, :2] = affine.apply(scaled, points)
        return np.stack([trunk, refined], axis=1), scores

    def _draw(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The trunk's vertices (N, 468, 3) float64, logits (N,) and features (N, H, W, C)."""
        unit = np.float32(255)
        drawn = [self._trunk([crop[None].astype(np.float32) / unit]) for crop in crops]
        meshes, scores, features = (np.stack(parts) for parts in zip(*drawn, strict=True))
        vertices = meshes.reshape(-1, VERTICES, 3).astype(np.float64)
        return vertices, scores.reshape(-1).astype(np.float64), features[:, 0]

    def _draw_again(self, samples: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Of each branch its points (N, P, 2), from its samples (N, S, S, C)."""
        drawn = [self._second([one[None] for one in crop]) for crop in zip(*samples, strict=True)]
        return [np.concatenate(parts) for parts in zip(*drawn, strict=True)]


def find_branches(data: bytes) -> list[Branch]:
    """The branches of a network file that predict vertices."""
    from flatbuffers import flexbuffers

    model = open_model(data)
    graph = model.Subgraphs(0)
    named: dict[bytes, list[Any]] = {_PLACE: [], _SAMPLE: [], _RETURN: []}
    for operator in operators(graph):
        name = model.OperatorCodes(operator.OpcodeIndex()).CustomCode()
        if name in named:
            named[name].append(operator)
    returned = [int(operator.Inputs(0)) for operator in named[_RETURN]]
    points = [tensor for tensor in returned if _shape(graph, tensor)[1] != _IRIS]
    branches = []
    for place, taken, drawn in zip(named[_PLACE], named[_SAMPLE], points, strict=True):
        options = flexbuffers.Loads(place.CustomOptionsAsNumpy().tobytes())
        branches.append(
            Branch(
                vertices=np.array(options["subset_idxs"]),
                start=options["left_rotation_idx"],
                end=options["right_rotation_idx"],
                scale=options["scale_x"],
                size=options["output_width"],
                features=int(taken.Inputs(0)),
                samples=int(taken.Outputs(0)),
                points=drawn,
            )
        )
    return branches


class _Part:
    """One part of the network; inputs and outputs in the order of ``cut``."""

    def __init__(self, data: bytes):
        from ai_edge_litert.interpreter import Interpreter

        with native_messages_off():
            self._interpreter = Interpreter(model_content=data, num_threads=1)
            self._interpreter.allocate_tensors()
        self._inputs, self._outputs = (
            [detail["index"] for detail in details]
            for details in (
                self._interpreter.get_input_details(),
                self._interpreter.get_output_details(),
            )
        )

    def __call__(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        for index, array in zip(self._inputs, arrays, strict=True):
            self._interpreter.set_tensor(index, array)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]


def _shape(graph: Any, tensor: int) -> Integer[np.ndarray, " d"]:
    return graph.Tensors(tensor).ShapeAsNumpy()
