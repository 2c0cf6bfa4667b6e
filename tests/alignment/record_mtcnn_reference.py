"""Record what the `mtcnn` package itself finds, for tests without TensorFlow.

    pip install -e ".[reference]"
    python tests/alignment/record_mtcnn_reference.py

Images: scikit-image's astronaut, cut, shrunk, mirrored, turned and darkened with integers alone,
so that every machine makes the same pixels, and rendered faces that lie beside this script.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data"
RECORD = DATA / "mtcnn_reference.json"

# cosine and sine as (a, b, c): cos = a / c, sin = b / c; 13, 23 and 37 degrees
_TURNS = {"13": (40, 9, 41), "23": (12, 5, 13), "37": (4, 3, 5)}
_FACE = (slice(8, 264), slice(96, 352))  # of the astronaut, rows and columns


def astronaut_face() -> np.ndarray:
    """The astronaut's head and shoulders, (256, 256, 3) uint8."""
    from skimage.data import astronaut

    return np.ascontiguousarray(astronaut()[_FACE])


def images() -> dict[str, np.ndarray]:
    """All images of the comparison by name, (H, W, 3) uint8 RGB."""
    return {**_astronaut_variants(), **_rendered()}


def detect(detector, image: np.ndarray) -> np.ndarray:
    """Faces of the `mtcnn` package: (n, 16) corners, confidence, five x, five y."""
    rows = detector.detect_faces(image, box_format="xyxy", output_type="numpy")
    return np.asarray(rows, np.float64).reshape(-1, 16)[:, 1:]


def digest(image: np.ndarray) -> str:
    """SHA-256 of an image's shape and pixels."""
    return hashlib.sha256(f"{image.shape}".encode() + np.ascontiguousarray(image).data).hexdigest()


def _astronaut_variants() -> dict[str, np.ndarray]:
    from skimage.data import astronaut

    whole, face = astronaut(), astronaut_face()
    half = _shrunk(face, 2)
    grey = np.repeat(face.astype(np.int64).sum(axis=2, keepdims=True) // 3, 3, axis=2)
    variants = {
        "whole": whole,
        "whole half": _shrunk(whole, 2),
        "whole quarter": _shrunk(whole, 4),
        "face": face,
        "face half": half,
        "face third": _shrunk(face, 3),
        "face quarter": _shrunk(face, 4),
        "face sixth": _shrunk(face, 6),
        "face doubled": face.repeat(2, axis=0).repeat(2, axis=1),
        "tight": face[40:184, 56:200],
        "tight half": _shrunk(face[40:184, 56:200], 2),
        "cut left": face[:, 120:],
        "cut top": face[100:],
        "wide": face[40:200],
        "tall": face[:, 40:216],
        "mirrored": face[:, ::-1],
        "mirrored half": half[:, ::-1],
        "upside down": face[::-1, ::-1],
        "on its side": half.swapaxes(0, 1),
        "grey": grey,
        "dark": face // 4,
        "pale": 191 + face // 4,
        "negative": 255 - face,
        "two": np.concatenate([half, half[:, ::-1]], axis=1),
        "four": np.tile(half, (2, 2, 1)),
        "nothing": np.full((96, 96, 3), 128),
        "tiny": face[100:110, 100:110],
    }
    for name, (a, b, c) in _TURNS.items():
        variants[f"turned {name}"] = _turned(face, a, b, c)
        variants[f"turned -{name}"] = _turned(face, a, -b, c)
        variants[f"turned {name} half"] = _shrunk(_turned(face, a, b, c), 2)
    return {
        f"astronaut, {name}": np.ascontiguousarray(image, np.uint8)
        for name, image in variants.items()
    }


def _rendered() -> dict[str, np.ndarray]:
    from PIL import Image

    files = sorted((DATA / "synthetic").glob("*.jpg"))
    return {f"rendered, {file.stem}": np.array(Image.open(file).convert("RGB")) for file in files}


def _shrunk(image: np.ndarray, factor: int) -> np.ndarray:
    """Means over squares of pixels, rounded down."""
    height, width = (side // factor for side in image.shape[:2])
    cut = image[: height * factor, : width * factor].astype(np.int64)
    return cut.reshape(height, factor, width, factor, 3).sum(axis=(1, 3)) // factor**2


def _turned(image: np.ndarray, a: int, b: int, c: int) -> np.ndarray:
    """Turned about the middle by the angle with cosine a / c and sine b / c, nearest pixels."""
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width]
    dy, dx = 2 * y - height + 1, 2 * x - width + 1  # from the middle, in half pixels
    from_x = (a * dx + b * dy + c * (width - 1) + c) // (2 * c)
    from_y = (a * dy - b * dx + c * (height - 1) + c) // (2 * c)
    return image[from_y.clip(0, height - 1), from_x.clip(0, width - 1)]


def main() -> None:
    from importlib.metadata import version

    from mtcnn import MTCNN

    detector = MTCNN()
    found = {
        name: {
            "sha256": digest(image),
            "faces": np.round(detect(detector, image), 4).tolist(),
        }
        for name, image in images().items()
    }
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in found.items())
    made_with = json.dumps(f"mtcnn {version('mtcnn')}")
    text = f'{{"made_with": {made_with},\n"images": {{\n{lines}\n}}}}\n'
    RECORD.write_text(text, encoding="utf-8")
    print(f"{sum(len(entry['faces']) for entry in found.values())} faces in {len(found)} images")


if __name__ == "__main__":
    main()
