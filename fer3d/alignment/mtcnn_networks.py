"""The three networks of MTCNN, with the weights of the `mtcnn` package.

Source: Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional
Networks", IEEE SPL 2016, figure 2; layer sizes and weights of the PyPI package `mtcnn` 1.0.0 (MIT).

Inputs are RGB, scaled to (value - 127.5) / 128. Pooling windows that exceed the bottom and right
edges equal TensorFlow's "same" padding here.
"""

import math
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer3d.alignment.mtcnn_layers import ActivatedPool
from fer3d.errors import UserError
from fer3d.machine.packed import PackedConvolution

REFINE_SIZE = 24  # px, input side
OUTPUT_SIZE = 48  # px, input side

DENSE_ROWS = 4
"""Rows per call of a fully connected layer are a multiple of it; one or two are summed in another
order."""

_BOX, _FACE, _POINTS = 4, 2, 10  # outputs: corner offsets, (no face, face) scores, x and y of five


class ProposalNet(nn.Module):
    """P-Net: a fully convolutional scan for faces of 12 px."""

    def __init__(self) -> None:
        super().__init__()
        self.first = _convolution(3, 10, 3)
        self.features = nn.Sequential(
            ActivatedPool(10, 2),
            _convolution(10, 16, 3), nn.PReLU(16),
            _convolution(16, 32, 3), nn.PReLU(32),
        )  # fmt: skip
        self.head = _convolution(32, _BOX + _FACE, 1)

    def forward(self, canvases: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
        """Scan canvases (N, 3, H, W): offsets (N, 4, h, w) and face probability (N, h, w).

        Args:
            canvases: with the same places of levels.
            edges: (2, K) int64, see ``mtcnn_canvas.Canvas``.
        """
        maps = self.first(canvases)
        pixels = maps.view(*maps.shape[:2], math.prod(maps.shape[2:]))
        pixels[:, :, edges[0]] = pixels[:, :, edges[1]]
        offsets, scores = self.head(self.features(maps)).split([_BOX, _FACE], dim=1)
        return offsets, scores.softmax(dim=1)[:, 1]


class RefineNet(nn.Module):
    """R-Net: face probability and box offsets of a crop of 24 px."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _convolution(3, 28, 3), ActivatedPool(28, 3),
            _convolution(28, 48, 3), ActivatedPool(48, 3, inside=True),
            _convolution(48, 64, 2), nn.PReLU(64),
        )  # fmt: skip
        self.dense = nn.Sequential(nn.Linear(64 * 3 * 3, 128), nn.PReLU(128))
        self.head = nn.Linear(128, _BOX + _FACE)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Classify crops (N, 3, 24, 24): offsets (N, 4) and face probability (N,)."""
        hidden = self.dense(_filled(self.features(crops).flatten(1)))
        offsets, scores = self.head(hidden)[: len(crops)].split([_BOX, _FACE], dim=1)
        return offsets, scores.softmax(dim=1)[:, 1]


class OutputNet(nn.Module):
    """O-Net: final score, box offsets and five points of a crop of 48 px."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _convolution(3, 32, 3), ActivatedPool(32, 3),
            _convolution(32, 64, 3), ActivatedPool(64, 3, inside=True),
            _convolution(64, 64, 3), ActivatedPool(64, 2),
            _convolution(64, 128, 2), nn.PReLU(128),
        )  # fmt: skip
        self.dense = nn.Sequential(nn.Linear(128 * 3 * 3, 256), nn.PReLU(256))
        self.head = nn.Linear(256, _BOX + _POINTS + _FACE)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Classify crops (N, 3, 48, 48): offsets (N, 4), points (N, 10), face probability (N,).

        Points are five x, then five y, as a fraction of the crop.
        """
        hidden = self.dense(_filled(self.features(crops).flatten(1)))
        offsets, points, scores = self.head(hidden)[: len(crops)].split(
            [_BOX, _POINTS, _FACE], dim=1
        )
        return offsets, points, scores.softmax(dim=1)[:, 1]


class Networks(NamedTuple):
    """The networks of the cascade."""

    proposal: ProposalNet
    refine: RefineNet
    output: OutputNet


@lru_cache(maxsize=2)
@torch.inference_mode(False)  # the cached networks are no inference tensors
def load(assets: Path, device: str = "cpu") -> Networks:
    """The networks with the weights in ``assets/{pnet,rnet,onet}.lz4``, once per process.

    Raises:
        UserError: a weights file is missing.
        ValueError: the shapes in a file do not match the network.
    """
    networks = Networks(ProposalNet(), RefineNet(), OutputNet())
    for network, name in zip(networks, ("pnet", "rnet", "onet"), strict=True):
        _fill(network, _read(assets / f"{name}.lz4"), name)
        network.eval().requires_grad_(False).to(device)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stubs
    return networks


def _convolution(channels: int, filters: int, side: int) -> PackedConvolution:
    return PackedConvolution(nn.Conv2d(channels, filters, side))


def _filled(rows: Tensor) -> Tensor:
    """Rows (N, K), with zeros up to a multiple of ``DENSE_ROWS``."""
    return F.pad(rows, (0, 0, 0, -len(rows) % DENSE_ROWS))


def _read(path: Path) -> list[np.ndarray]:
    """The arrays of one weights file, in the order of Keras."""
    import joblib

    if not path.exists():
        raise UserError(f"{path} is missing: run `dvc repro assets` to fetch it")
    return joblib.load(path)


def _fill(network: nn.Module, arrays: list[np.ndarray], name: str) -> None:
    """Copy Keras arrays into a network; the separate output layers of Keras are one head here."""
    body = len([key for key, _ in network.named_parameters() if not key.startswith("head.")])
    values = [_from_keras(array) for array in arrays]
    head = [torch.cat([v.flatten() for v in values[body + i :: 2]]) for i in (0, 1)]
    expected = list(network.parameters())
    found = [*values[:body], *head]
    if [value.numel() for value in found] != [parameter.numel() for parameter in expected]:
        shapes = [array.shape for array in arrays]
        raise ValueError(f"{name}.lz4: expected the weights of {name}, got arrays of {shapes}")
    for parameter, value in zip(expected, found, strict=True):
        parameter.data.copy_(value.reshape(parameter.shape))


def _from_keras(array: np.ndarray) -> Tensor:
    """Kernels (h, w, in, out) to (out, in, h, w) and (in, out) to (out, in); vectors unchanged.

    Keras flattens feature maps here as (column, row, channel), torch as (channel, row, column):
    the first dense layer, whose inputs are 3 x 3 maps, is put in torch's order.
    """
    tensor = torch.from_numpy(np.asarray(array, dtype=np.float32))
    if tensor.ndim == 4:
        return tensor.permute(3, 2, 0, 1)
    if tensor.ndim == 2 and tensor.shape[0] % 9 == 0:
        return tensor.reshape(3, 3, -1, tensor.shape[1]).permute(3, 2, 1, 0).flatten(1)
    return tensor.T if tensor.ndim == 2 else tensor.flatten()
