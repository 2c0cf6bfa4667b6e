"""MediaPipe's attention mesh: a mesh network with refinement of lips and eyes.

The trunk predicts all 468 vertices. Three small branches predict the vertices of the lips and of
each eye with its brow again, from features of the trunk in windows around them. The network file
uses custom operators of MediaPipe for this, which TensorFlow Lite does not have: placing a window
on vertices, sampling features in it, transforming points back. Therefore the file is divided at
these operators, in memory, and they are implemented here. Vertices and window of each branch are
read from the file. Trunk and branches end in a few narrow layers that place the vertices; the wide
maps before these are the network's features of the face.

On a photo with a face of 111 px, the result differs by at most 0.14 px from that of MediaPipe
0.10.14.
Source: I. Grishchenko et al., Attention Mesh: High-fidelity Face Mesh Prediction in Real-time,
2020.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float, Integer, UInt8

from fer3d.errors import UserError
from fer3d.geometry import affine
from fer3d.reconstruction.litert import LitertNetwork
from fer3d.reconstruction.params import MeshRuntime
from fer3d.reconstruction.tflite import open_model, operators
from fer3d.reconstruction.topology import VERTICES
from fer3d.reconstruction.windows import sample_windows

INPUT_SIZE = 192  # px, of the trunk
_PLACE, _SAMPLE = b"Landmarks2TransformMatrix", b"TransformTensorBilinear"
_RETURN = b"TransformLandmarks"
_WIDE = 128  # channels of the maps before the last layers
FEATURES = 2688
"""Features of a crop: the wide maps of the trunk, 3 x 3, and of each of three branches, 2 x 2."""

_IRIS = 5  # points of the iris branches, which are not part of the mesh
_COORDINATES = 3 * VERTICES  # of the trunk's mesh
_NOT_THE_FILE = (AttributeError, IndexError, KeyError, TypeError, ValueError, struct.error)


@dataclass(frozen=True)
class Branch:
    """A refinement branch.

    Attributes:
        vertices: (N,) int64, the vertices that it predicts, which determine the window.
        start, end: vertices whose connecting line is level in the window.
        scale: side of the window, relative to that of the vertices' levelled box.
        size: number of samples per side of the window.
        features, samples, points, wide: tensors of the file: the sampled features, the input of
            the branch, its output, its last wide map.
    """

    vertices: Integer[np.ndarray, " n"]
    start: int
    end: int
    scale: float
    size: int
    features: int
    samples: int
    points: int
    wide: int

    def window(self, planar: Float[np.ndarray, "*batch 468 2"]) -> Float[np.ndarray, "*batch 2 3"]:
        """The window on a mesh.

        Args:
            planar: (..., 468, 2) float, any frame.

        Returns:
            (..., 2, 3) float64, affine from the window's samples, with the origin at a corner, to
            that frame.
        """
        along = planar[..., self.end, :] - planar[..., self.start, :]
        turn = affine.plane_rotation(np.arctan2(along[..., 1], along[..., 0]))
        low, high = affine.levelled_box(planar[..., self.vertices, :], turn)
        linear = turn * (self.scale * (high - low) / self.size)[..., None, :]
        centre = (turn @ (low + high)[..., None] / 2)[..., 0]
        corner = centre - linear.sum(axis=-1) * self.size / 2
        return np.concatenate([linear, corner[..., None]], axis=-1)


class NetworkPart(Protocol):
    """A part of the network, loaded by one of the runtimes.

    Attributes:
        rows: most rows of a call.
    """

    rows: int

    def __call__(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs (N, ...) float32 of inputs (N, ...) float32, or uint8 for 0 to 1."""


class AttentionMesh:
    """The loaded network; calls are independent of each other."""

    def __init__(self, file: Path, runtime: MeshRuntime = "litert", device: str = "cpu"):
        """Load the network from its file, for one thread.

        Args:
            file: of the network.
            runtime: the library that runs it.
            device: cpu | cuda, of the runtime ``torch``; the other one has no GPU.

        Raises:
            UserError: the file is not that of the network.
        """
        parts = read_parts(file)
        load = _loader(runtime, device)
        self._trunk = load(parts.data, *parts.trunk)
        self._second = load(parts.data, *parts.second)
        self._branches, self._cells = parts.branches, parts.cells

    def __call__(self, crops: UInt8[np.ndarray, "n 192 192 3"]) -> "NetworkOutput":
        """What the network makes of each crop, independent of the other crops.

        Args:
            crops: (N, 192, 192, 3) uint8, RGB; one at least.
        """
        most = self._trunk.rows
        drawn = [self._draw(crops[start : start + most]) for start in range(0, len(crops), most)]
        columns = zip(*((part.meshes, part.scores, part.features) for part in drawn), strict=True)
        return NetworkOutput(*map(np.concatenate, columns))

    def _draw(self, crops: np.ndarray) -> "NetworkOutput":
        """The results of as many crops as the runtime takes at once."""
        meshes, scores, features, wide = self._trunk([crops])
        trunk = meshes.reshape(-1, VERTICES, 3).astype(np.float64)
        cell = INPUT_SIZE / self._cells
        windows = [branch.window(trunk[..., :2] / cell) for branch in self._branches]
        samples = [
            sample_windows(features, window, branch.size)
            for branch, window in zip(self._branches, windows, strict=True)
        ]
        found = self._second(samples)
        refined = trunk.copy()
        for branch, window, points in zip(
            self._branches, windows, found[: len(windows)], strict=True
        ):
            # points of a window are in px of the input, not in cells of the feature map
            scaled = window * [1, 1, cell]
            refined[:, branch.vertices, :2] = affine.apply(scaled, points)
        maps = [wide, *found[len(windows) :]]
        return NetworkOutput(
            np.stack([trunk, refined], axis=1),
            scores.reshape(-1).astype(np.float64),
            np.concatenate([each.reshape(len(crops), -1) for each in maps], axis=1),
        )


@dataclass(frozen=True)
class NetworkOutput:
    """The network's results for N crops.

    Attributes:
        meshes: (N, 2, 468, 3) float64, px of the crops: vertices by the trunk; the same, but with x
            and y of the branches' vertices by these.
        scores: (N,) float64, logits of the faces' presence.
        features: (N, 2688) float32, the wide maps of trunk and branches.
    """

    meshes: Float[np.ndarray, "n 2 468 3"]
    scores: Float[np.ndarray, " n"]
    features: Float[np.ndarray, "n 2688"]


@dataclass(frozen=True)
class NetworkParts:
    """A network file, divided where operators of MediaPipe place and sample windows.

    Attributes:
        data: the file.
        trunk: tensors that the trunk reads, and computes: vertices, presence, the feature map of
            the branches, and its last wide map.
        branches: the refinement branches.
        cells: side of the feature map.
    """

    data: bytes
    trunk: tuple[list[int], list[int]]
    branches: list[Branch]
    cells: int

    @property
    def second(self) -> tuple[list[int], list[int]]:
        """Tensors that the branches read, and compute: their points, then their last wide maps."""
        computed = [*(b.points for b in self.branches), *(b.wide for b in self.branches)]
        return [b.samples for b in self.branches], computed


def read_parts(file: Path) -> NetworkParts:
    """The parts of a network file.

    Raises:
        UserError: the file is not that of the network.
    """
    data = file.read_bytes()
    try:
        graph = open_model(data).Subgraphs(0)
        outputs = {int(np.prod(_shape(graph, i))): i for i in graph.OutputsAsNumpy().tolist()}
        branches = find_branches(data)
        (features,) = {branch.features for branch in branches}
        mesh = outputs[_COORDINATES]
        computed = [mesh, outputs[1], features, _last_wide(graph, mesh)]
        cells = int(_shape(graph, features)[1])
        return NetworkParts(data, (graph.InputsAsNumpy().tolist(), computed), branches, cells)
    except _NOT_THE_FILE:
        raise UserError(f"{file} is damaged, or not MediaPipe's attention mesh") from None


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
                wide=_last_wide(graph, drawn),
            )
        )
    return branches


def _last_wide(graph: Any, tensor: int) -> int:
    """The last map with ``_WIDE`` channels before a tensor."""
    makers = {int(operator.Outputs(0)): operator for operator in operators(graph)}
    while _shape(graph, tensor)[-1] != _WIDE:
        tensor = int(makers[tensor].Inputs(0))
    return tensor


def _loader(runtime: MeshRuntime, device: str) -> Callable[..., NetworkPart]:
    """What loads a part of the file: data, inputs, outputs."""
    if runtime == "litert":
        return LitertNetwork
    from fer3d.reconstruction.torch_runtime import TorchNetwork

    return partial(TorchNetwork, device=device)


def _shape(graph: Any, tensor: int) -> Integer[np.ndarray, " d"]:
    return graph.Tensors(tensor).ShapeAsNumpy()
