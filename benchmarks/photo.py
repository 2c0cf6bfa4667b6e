"""From image files to shading images, against a straight loop of public pieces."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks import data, straight
from benchmarks.pairs import Options, Pair
from fer3d.alignment.haar import FACE_CASCADE
from fer3d.files.images import load_image
from fer3d.inference.pipeline import make_pipeline
from fer3d.reconstruction.recentralize import fit_similarity
from fer3d.reconstruction.topology import LANDMARKS_68, load_topology
from fer3d.relighting.shading import lambert, to_picture

BATCH = 32
FEW = 4  # images of the straight loop, which takes a second an image
MARGIN = 0.25  # of a face's box, on each side


def pairs(options: Options) -> Iterator[Pair]:
    files = _files(options)
    pipeline, params = make_pipeline(data.params(), data.toolbox(options)), data.params()
    topology = load_topology(data.toolbox(options).assets, params.reconstruct.subdivisions)
    folder = cv2.data.haarcascades  # type: ignore[attr-defined]  # missing in OpenCV's stubs
    finder = cv2.CascadeClassifier(folder + FACE_CASCADE)
    light, size, near = np.array(params.relight.light), params.relight.size, 10

    def ours() -> None:
        for start in range(0, len(files), BATCH):
            images = [load_image(file) for file in files[start : start + BATCH]]
            pipeline.relight(pipeline.central_faces(images))

    def one(file: Path) -> None:
        image = np.asarray(Image.open(file).convert("RGB"))
        boxes = finder.detectMultiScale(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), 1.1, 3)
        x, y, w, h = boxes[0] if len(boxes) else (0, 0, image.shape[1], image.shape[0])
        side = int(MARGIN * w)
        crop = image[max(y - side, 0) : y + h + side, max(x - side, 0) : x + w + side]
        (mesh,) = pipeline.reconstructor.backend([crop], np.full((1, 5, 2), np.nan))
        turn = fit_similarity(mesh.vertices[LANDMARKS_68], topology.reference[LANDMARKS_68])
        points = topology.dense(turn(mesh.vertices))
        intensity = lambert(straight.open3d_normals(points, near), light)
        straight.draw(
            to_picture(points, size), topology.dense.triangles, np.asarray(intensity), size
        )

    few = files[:FEW]

    def straight_loop() -> None:
        for file in few:
            one(file)

    yield Pair(
        "file to shading image",
        "straight loop: Pillow, OpenCV's detector, mesh network, Open3D, loop over triangles",
        ours,
        straight_loop,
        len(files),
        len(few),
    )


def _files(options: Options) -> list[Path]:
    files = sorted((options.data / "synthetic" / "images").rglob("*.*"))
    files = [file for file in files if file.suffix in (".jpg", ".png")]
    if not files:
        raise SystemExit(f"{options.data}/synthetic has no images: run `dvc repro synthesize`")
    return files[:: max(1, len(files) // options.images)][: options.images]
