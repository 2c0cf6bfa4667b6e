"""The mesh network: its runtimes, and from images to meshes against MediaPipe's own Face Mesh.

MediaPipe's detector finds a face in a coarse map, and the mesh network runs once. Ours is MTCNN,
and the mesh network runs three or five times (docs/notes/accuracy3d.md).
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from benchmarks import data
from benchmarks.align import SIZE, load_images
from benchmarks.environments import serve
from benchmarks.pairs import Options, Pair
from fer3d.alignment.aligner import make_aligner
from fer3d.machine.threads import reproducible_torch
from fer3d.reconstruction.attention import INPUT_SIZE, NetworkParts, read_parts
from fer3d.reconstruction.backends import Backend, make_backend
from fer3d.reconstruction.facemesh import MODEL, first_crop
from fer3d.reconstruction.litert import LitertNetwork
from fer3d.reconstruction.torch_graph import GraphNetwork

BATCH = 32  # images, as in the stages
CROPS = (1, 4, 5, 40, 160)  # per call of PyTorch
LITERT_CROPS = 40  # crops of the peer, which takes one at a time
WINDOW = (16, 16, 32)  # of a branch's input


def pairs(options: Options) -> Iterator[Pair]:
    yield from _runtimes(options)
    yield from _mediapipe(options)


def _runtimes(options: Options) -> Iterator[Pair]:
    """Trunk and branches by PyTorch, in float32 and on this processor, against LiteRT."""
    rows = data.read_rows(options.data / "balance", max(CROPS), "images", "points")
    images, points = rows["images"], rows["points"]
    crop = first_crop(np.array([image.shape[:2] for image in images]), points)
    crops = crop.sample_each(list(images), INPUT_SIZE).astype(np.float32) / np.float32(255)
    windows = np.random.default_rng(0).normal(size=(len(crops), *WINDOW)).astype(np.float32)
    parts = read_parts(options.data / "assets" / MODEL)
    inputs = [crops], [windows] * len(parts.branches)
    ends = parts.trunk, parts.second
    networks = [LitertNetwork(parts.data, *end) for end in ends]

    def litert() -> None:
        for network, arrays in zip(networks, inputs, strict=True):
            network([array[:LITERT_CROPS] for array in arrays])

    for count in CROPS:
        for layout in (torch.channels_last, torch.contiguous_format):
            name = str(layout).rpartition(".")[2]
            ours = _by_torch(parts, inputs, count, layout)
            yield Pair(
                f"mesh network by PyTorch, {count} crops a call, {name}",
                "LiteRT",
                ours,
                litert,
                len(crops),
                min(LITERT_CROPS, len(crops)),
            )


def _by_torch(
    parts: NetworkParts,
    inputs: tuple[list[np.ndarray], list[np.ndarray]],
    count: int,
    layout: torch.memory_format,
) -> Callable[[], None]:
    """What runs the network for all inputs, in calls of some."""
    networks = [GraphNetwork(parts.data, *end) for end in (parts.trunk, parts.second)]
    batches = [[_images(array, layout) for array in arrays] for arrays in inputs]

    def run() -> None:
        with torch.inference_mode(), reproducible_torch(cudnn=True):
            for network, arrays in zip(networks, batches, strict=True):
                for split in zip(*(array.split(count) for array in arrays), strict=True):
                    network(*(array.permute(0, 2, 3, 1) for array in split))

    return run


def _images(array: np.ndarray, layout: torch.memory_format) -> torch.Tensor:
    """Images (N, C, H, W) of an array (N, H, W, C)."""
    return torch.from_numpy(array).permute(0, 3, 1, 2).contiguous(memory_format=layout)


def _mediapipe(options: Options) -> Iterator[Pair]:
    images = load_images(options.images, SIZE)
    params, tools = data.params(), data.toolbox(options)
    aligner = make_aligner(params.align, tools)
    with serve("mediapipe", images, options.environments) as peer:
        if peer is None:
            return
        for passes in (3, 5):
            chosen = params.reconstruct.model_copy(update={"passes": passes})
            backend = make_backend(chosen, tools)

            def ours(backend: Backend = backend) -> None:
                for start in range(0, len(images), BATCH):
                    faces = aligner.align(list(images[start : start + BATCH]))
                    backend([face.image for face in faces], np.stack([f.points for f in faces]))

            yield Pair(
                f"detection and mesh, {passes} passes of the network",
                "mediapipe, one pass",
                ours,
                lambda: peer("single", len(images)),
                len(images),
                len(images),
            )
