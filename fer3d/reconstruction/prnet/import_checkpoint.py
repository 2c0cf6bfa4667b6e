"""Converts the authors' TensorFlow checkpoint and index tables to PRN's model file.

Only this module needs TensorFlow.
"""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import numpy as np

from fer3d.errors import UserError
from fer3d.reconstruction.prnet import files
from fer3d.reconstruction.prnet.network import variable_shapes
from fer3d.reconstruction.prnet.uv import UvTables, checked_tables

CHECKPOINT = "256_256_resfcn256_weight"
CHECKPOINT_FILES = (f"{CHECKPOINT}.index", f"{CHECKPOINT}.data-00000-of-00001")
PLACES = ("", "net-data", "uv-data", "Data/net-data", "Data/uv-data")


def import_checkpoint(folder: Path, out: Path) -> None:
    """Convert the authors' files into one file without pickles.

    Args:
        folder: contains the checkpoint's two files and the two index tables, or is a checkout of
            the authors' repository, where they are in Data/net-data and Data/uv-data.
        out: output file.

    Raises:
        UserError: something is missing, damaged or not PRN's, or TensorFlow is not installed.
    """
    face_ind, uv_kpt_ind = (_find(folder, f"{name}.txt") for name in files.TABLES)
    index, data = (_find(folder, name) for name in CHECKPOINT_FILES)
    if index.parent != data.parent:
        raise UserError(f"{index} and {data} must be in one folder")
    tables = read_tables(face_ind, uv_kpt_ind)
    files.write(out, read_checkpoint(index.with_suffix("")), tables)


def read_tables(face_ind: Path, uv_kpt_ind: Path) -> UvTables:
    """The authors' index tables, text files of numbers.

    Raises:
        UserError: not numbers, or a wrong count.
    """
    origin = str(face_ind.parent)
    return checked_tables(_numbers(face_ind), _numbers(uv_kpt_ind), origin=origin)


def read_checkpoint(prefix: Path) -> dict[str, np.ndarray]:
    """The network's variables in a TensorFlow checkpoint; other variables are ignored.

    Args:
        prefix: path of the checkpoint without ``.index``.

    Returns:
        float32 arrays by the authors' names, in TensorFlow's layout.

    Raises:
        UserError: TensorFlow is not installed, a variable is missing or of another shape, or the
            files are damaged.
    """
    tensorflow = _tensorflow()
    shapes = variable_shapes()
    try:
        reader = tensorflow.train.load_checkpoint(str(prefix))
        files.check_shapes(shapes, reader.get_variable_to_shape_map(), origin=str(prefix))
        variables = {name: reader.get_tensor(name) for name in shapes}
    except (tensorflow.errors.OpError, IndexError, RuntimeError, ValueError) as error:
        raise UserError(
            f"{prefix}: damaged or truncated, download the checkpoint again "
            f"({' '.join(str(error).split())})"
        ) from None
    return _checked_values(variables, str(prefix))


def _checked_values(variables: Mapping[str, np.ndarray], origin: str) -> dict[str, np.ndarray]:
    for name, values in variables.items():
        if values.dtype != np.float32 or not np.isfinite(values).all():
            raise UserError(f"{origin}: expected finite float32 values in {name}")
    return dict(variables)


def _find(folder: Path, name: str) -> Path:
    for place in PLACES:
        if (file := folder / place / name).is_file():
            return file
    places = ", ".join(str(folder / place) for place in PLACES)
    raise UserError(f"{name} is missing; looked in {places}")


def _numbers(path: Path) -> np.ndarray:
    try:
        return np.loadtxt(path)
    except ValueError as error:
        raise UserError(f"{path}: expected a table of numbers, {error}") from None


def _tensorflow() -> ModuleType:
    try:
        import tensorflow
    except ModuleNotFoundError:
        raise UserError(
            "reading PRN's checkpoint needs TensorFlow: "
            'install it with `pip install -e ".[reference]"`'
        ) from None
    return tensorflow
