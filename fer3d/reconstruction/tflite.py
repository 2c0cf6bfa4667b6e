"""Parts of a TensorFlow Lite file.

A FlatBuffers file consists of tables and vectors that refer to each other by offsets. Here only the
offsets that change are written, because unpacking and packing the whole file as objects takes ten
times as long.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

_FIRST_FIELD, _FIELD = 4, 2  # bytes in a table's list of fields
_INPUTS, _OUTPUTS, _OPERATORS = (_FIRST_FIELD + _FIELD * number for number in (1, 2, 3))
_WORD = 4  # bytes of an offset, of a vector's length, of a number


def open_model(data: bytes) -> Any:
    """The content of a file, as the accessors of its schema."""
    from ai_edge_litert import schema_py_generated as schema

    return schema.Model.GetRootAs(data, 0)


def operators(graph: Any) -> Iterator[Any]:
    """The operators of a graph, in the order of execution."""
    return map(graph.Operators, range(graph.OperatorsLength()))


def cut(data: bytes, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
    """The part of a network between given tensors, as a file.

    Args:
        data: a file with one graph and without signatures.
        inputs, outputs: indices of tensors.
    """
    graph = open_model(data).Subgraphs(0)
    part = bytearray(data)
    _keep_operators(part, _field(graph, _OPERATORS), needed_operators(graph, inputs, outputs))
    for number, tensors in ((_INPUTS, inputs), (_OUTPUTS, outputs)):
        _set_vector(part, _field(graph, number), tensors)
    return bytes(part)


def needed_operators(graph: Any, inputs: Sequence[int], outputs: Sequence[int]) -> list[int]:
    """Numbers of the operators between tensors, in their order."""
    read = [operator.InputsAsNumpy() for operator in operators(graph)]
    made = (operator.OutputsAsNumpy() for operator in operators(graph))
    makers = {int(out): number for number, outs in enumerate(made) for out in outs}
    known, needed, waiting = set(inputs), set(), list(outputs)
    while waiting:
        tensor = waiting.pop()
        if tensor in known or tensor not in makers:
            continue
        known.add(tensor)
        needed.add(makers[tensor])
        waiting += read[makers[tensor]].tolist()
    return sorted(needed)


def _field(table: Any, number: int) -> int:
    """Position of a field of a table, which holds the offset of a vector."""
    return int(table._tab.Pos + table._tab.Offset(number))


def _keep_operators(data: bytearray, field: int, kept: Sequence[int]) -> None:
    """Shorten a vector of tables in its place; offsets are relative to their own positions."""
    vector = field + _word(data, field)
    places = [vector + _WORD * (1 + number) for number in kept]
    tables = [place + _word(data, place) for place in places]
    _set_word(data, vector, len(kept))
    for number, table in enumerate(tables):
        place = vector + _WORD * (1 + number)
        _set_word(data, place, table - place)


def _set_vector(data: bytearray, field: int, numbers: Sequence[int]) -> None:
    """Append a vector of numbers, and let a field refer to it."""
    data += bytes(-len(data) % _WORD)
    _set_word(data, field, len(data) - field)
    data += struct.pack("<I", len(numbers)) + np.array(numbers, "<i4").tobytes()


def _word(data: bytearray, place: int) -> int:
    return int(struct.unpack_from("<I", data, place)[0])


def _set_word(data: bytearray, place: int, value: int) -> None:
    struct.pack_into("<I", data, place, value)
