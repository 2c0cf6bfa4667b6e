"""Runs a peer in its own environment, without fer3d; see ``environments``.

    python served.py NAME IMAGES.npy elapsed | processor

Each line of standard input is a JSON list: way and number of images. The answer is a line with the
seconds that they took.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping

import numpy as np

BATCH = 64  # images

Ways = Mapping[str, Callable[[np.ndarray], object]]  # by name, what processes images


def mtcnn_ways() -> Ways:
    """The package as its README calls it: an image, or a list of images."""
    from mtcnn import MTCNN

    detector = MTCNN()

    def batched(images: np.ndarray) -> None:
        for start in range(0, len(images), BATCH):
            detector.detect_faces(
                list(images[start : start + BATCH]), batch_stack_justification="center"
            )

    return {"single": lambda images: list(map(detector.detect_faces, images)), "batched": batched}


def facenet_pytorch_ways() -> Ways:
    """The package's MTCNN, on the CPU: an image, or an array of images."""
    from facenet_pytorch import MTCNN

    detector = MTCNN(keep_all=True, min_face_size=20, post_process=False, device="cpu")

    def batched(images: np.ndarray) -> None:
        for start in range(0, len(images), BATCH):
            detector.detect(images[start : start + BATCH])

    return {"single": lambda images: list(map(detector.detect, images)), "batched": batched}


def mediapipe_ways() -> Ways:
    """Face Mesh for still images, with its own detector, attention mesh included."""
    from mediapipe.python.solutions.face_mesh import FaceMesh

    mesh = FaceMesh(static_image_mode=True, max_num_faces=1, refine_landmarks=True)
    return {"single": lambda images: list(map(mesh.process, images))}


WAYS: Mapping[str, Callable[[], Ways]] = {
    "mtcnn": mtcnn_ways,
    "facenet-pytorch": facenet_pytorch_ways,
    "mediapipe": mediapipe_ways,
}


def main() -> None:
    name, file, time_of = sys.argv[1:]
    clock = {"elapsed": time.perf_counter, "processor": time.process_time}[time_of]
    answers, sys.stdout = sys.stdout, sys.stderr  # peers print, too
    ways = WAYS[name]()
    images = np.load(file)
    for line in sys.stdin:
        how, count = json.loads(line)
        start = clock()
        ways[how](images[:count])
        print(clock() - start, file=answers, flush=True)


if __name__ == "__main__":
    main()
