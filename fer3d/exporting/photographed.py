"""Faces to compare an exported model on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer3d.inference.files import load_photo
from fer3d.inference.recognize import Predictor, network_arrays


def photographed_faces(files: Sequence[Path], predictor: Predictor) -> dict[str, np.ndarray]:
    """What the network sees of the most central large face of each image.

    Args:
        files: image files.
        predictor: the recognizer and its preprocessing.

    Returns:
        Arrays of as many rows as files, see ``random_faces``.

    Raises:
        UserError: a file cannot be read as an image.
    """
    rows = [_seen(file, predictor) for file in files]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _seen(file: Path, predictor: Predictor) -> dict[str, np.ndarray]:
    prediction = predictor.central_face(load_photo(file))
    return network_arrays(prediction.face, prediction.relit)
