"""From images to face meshes, with detection, against MediaPipe's own Face Mesh.

MediaPipe's detector finds a face in a coarse map, and the mesh network runs once. Ours is MTCNN,
and the mesh network runs three or five times (docs/notes/accuracy3d.md).
"""

from collections.abc import Iterator

import numpy as np

from benchmarks import data
from benchmarks.align import SIZE, load_images
from benchmarks.environments import serve
from benchmarks.pairs import Options, Pair
from fer3d.alignment.aligner import make_aligner
from fer3d.reconstruction.backends import make_backend

BATCH = 32  # images, as in the stages


def pairs(options: Options) -> Iterator[Pair]:
    images = load_images(options.images, SIZE)
    params, tools = data.params(), data.toolbox(options)
    aligner = make_aligner(params.align, tools)
    with serve("mediapipe", images, options.environments) as peer:
        if peer is None:
            return
        for passes in (3, 5):
            chosen = params.reconstruct.model_copy(update={"passes": passes})
            backend = make_backend(chosen, tools)

            def ours(backend=backend) -> None:
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
