"""Operators and constants of a TensorFlow Lite file, for libraries that do not read the format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from fer3d.reconstruction.tflite import needed_operators, open_model


@dataclass(frozen=True)
class Operator:
    """One operator of a graph.

    Attributes:
        name: in the schema, such as ``CONV_2D``.
        inputs: indices of the tensors that it reads, without constants.
        constants: weights and shapes, in the order of its inputs; float16 as float32.
        output: index of the tensor that it computes.
        shape: of the first tensor that it reads, in the file; images are (1, H, W, C).
        options: accessor of the schema for its options, such as strides; None without any.
    """

    name: str
    inputs: tuple[int, ...]
    constants: tuple[np.ndarray, ...]
    output: int
    shape: tuple[int, ...]
    options: Any


def read_operators(data: bytes, inputs: Sequence[int], outputs: Sequence[int]) -> list[Operator]:
    """The operators between given tensors, in the order of execution.

    Weights that are stored as float16 are converted, and the operators of the file that convert
    them are left out.

    Args:
        data: a file with one graph.
        inputs, outputs: indices of tensors.
    """
    model = open_model(data)
    graph = model.Subgraphs(0)
    converted: dict[int, np.ndarray] = {}
    found = []
    for operator in map(graph.Operators, needed_operators(graph, inputs, outputs)):
        read, output = operator.InputsAsNumpy().tolist(), int(operator.Outputs(0))
        known = {i: _constant(model, graph.Tensors(i)) for i in read if i not in converted}
        fixed = converted | {i: value for i, value in known.items() if value is not None}
        name = _name(model.OperatorCodes(operator.OpcodeIndex()))
        if name == "DEQUANTIZE" and read[0] in fixed:
            converted[output] = fixed[read[0]].astype(np.float32)
            continue
        computed = tuple(i for i in read if i not in fixed)
        constants = tuple(fixed[i] for i in read if i in fixed)
        shape = tuple(graph.Tensors(computed[0]).ShapeAsNumpy().tolist())
        options = _options(name, operator)
        found.append(Operator(name, computed, constants, output, shape, options))
    return found


def _constant(model: Any, tensor: Any) -> np.ndarray | None:
    """The content of a tensor, or None if it is computed."""
    buffer = model.Buffers(tensor.Buffer())
    if not buffer.DataLength():
        return None
    dtype = _dtypes().get(tensor.Type())
    if dtype is None:
        return None
    values: np.ndarray = buffer.DataAsNumpy().view(dtype)
    return values.reshape(tensor.ShapeAsNumpy()) if tensor.ShapeLength() else values


@cache
def _dtypes() -> Mapping[int, str]:
    """NumPy's names of the schema's types of constants."""
    from ai_edge_litert.schema_py_generated import TensorType

    return {TensorType.FLOAT32: "<f4", TensorType.FLOAT16: "<f2", TensorType.INT32: "<i4"}


@cache
def _names() -> Mapping[int, str]:
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    return {value: name for name, value in vars(BuiltinOperator).items() if isinstance(value, int)}


def _name(code: Any) -> str:
    """Name of an operator; old files have its number in another field."""
    custom = code.CustomCode()
    if custom is not None:
        return str(custom.decode())
    return _names()[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]


def _options(name: str, operator: Any) -> Any:
    """The accessor of an operator's options, by the schema's names."""
    from ai_edge_litert import schema_py_generated as schema

    kind = _OPTIONS.get(name)
    table = operator.BuiltinOptions()
    if kind is None or table is None:
        return None
    options = getattr(schema, kind)()
    options.Init(table.Bytes, table.Pos)
    return options


_OPTIONS = {
    "ADD": "AddOptions",
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "RESHAPE": "ReshapeOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
}
