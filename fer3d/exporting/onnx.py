"""A recognizer as an ONNX model, and its comparison with the recognizer."""

import json
import logging
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from fer3d.errors import UserError
from fer3d.exporting.graph import BATCH, OUTPUT, FaceGraph, input_names, trace
from fer3d.files.outputs import SOFTWARE
from fer3d.training.checkpoint import TrainedNetwork

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET = 20
TOLERANCE = 1e-4  # largest difference of a probability


@dataclass(frozen=True)
class Agreement:
    """How well an exported model agrees with its recognizer.

    Attributes:
        faces: how many were compared.
        same: of these have the same most probable class.
        difference: largest absolute difference of a probability.
    """

    faces: int
    same: int
    difference: float


def onnx_model(trained: TrainedNetwork, card: str = "") -> bytes:
    """A recognizer as an ONNX model of ``FaceGraph``, for batches of any size.

    Its metadata are JSON texts: `classes`, in the order of the output; `network`, `preprocessing`
    and `training`, the parameters; and the card as it is.

    Args:
        trained: the recognizer, on the CPU.
        card: description of the recognizer, for its users.

    Raises:
        UserError: the extra `export` is not installed.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401  # needed by torch.onnx
    except ImportError as error:
        raise UserError(f"export needs {error.name}: pip install 'fer3d[export]'") from None
    model = _translated(trained)
    model.producer_name = SOFTWARE
    onnx.helper.set_model_props(model, _metadata(trained) | {"card": card})
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def compare(
    model: bytes, trained: TrainedNetwork, faces: Mapping[str, np.ndarray], chunk: int = 50
) -> Agreement:
    """Run an exported model and its recognizer on the same faces.

    Args:
        model: see ``onnx_model``.
        trained: the recognizer.
        faces: inputs of the graph, see ``random_faces``.
        chunk: faces at a time.

    Raises:
        UserError: the extra `export` is not installed, or a probability is not a number.
    """
    try:
        import onnxruntime
    except ImportError:
        raise UserError("export needs onnxruntime: pip install 'fer3d[export]'") from None
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    graph, names = FaceGraph(trained).eval(), input_names(trained)
    count, same, difference = len(faces[names[0]]), 0, 0.0
    for start in range(0, count, chunk):
        part = {name: faces[name][start : start + chunk] for name in names}
        (got,) = session.run([OUTPUT], part)
        expected = graph(*map(torch.from_numpy, part.values())).numpy()
        if not (np.isfinite(got).all() and np.isfinite(expected).all()):
            raise UserError("the recognizer's probabilities are not numbers: train it again")
        same += int((got.argmax(axis=1) == expected.argmax(axis=1)).sum())
        difference = max(difference, float(np.abs(got - expected).max()))
    return Agreement(count, same, difference)


def _translated(trained: TrainedNetwork) -> "ModelProto":
    names = input_names(trained)
    logging.getLogger("torch.onnx._internal.exporter").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, about its own code
        program = torch.onnx.export(
            trace(trained),
            input_names=names,
            output_names=[OUTPUT],
            dynamic_shapes=(({0: BATCH},) * len(names),),
            opset_version=OPSET,
            verbose=False,
        )
    assert program is not None
    return program.model_proto


def _metadata(trained: TrainedNetwork) -> dict[str, str]:
    about = {
        "classes": list(trained.classes),
        "network": asdict(trained.network.config),
        "preprocessing": {name: dict(part) for name, part in trained.preprocessing.items()},
        "training": dict(trained.training),
    }
    return {name: json.dumps(value) for name, value in about.items()}
