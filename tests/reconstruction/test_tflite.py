"""Parts of a network file, read again by the library that defines the format."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer3d.reconstruction.attention import find_branches
from fer3d.reconstruction.facemesh import MODEL
from fer3d.reconstruction.tflite import cut

schema = pytest.importorskip("ai_edge_litert.schema_py_generated")


def unpacked(data: bytes) -> Any:
    """The file as objects."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))


@pytest.fixture(scope="module")
def file(assets_dir: Path) -> bytes:
    return (assets_dir / MODEL).read_bytes()


def test_a_part_has_the_operators_between_its_tensors_in_their_order(file: bytes) -> None:
    branches = find_branches(file)
    inputs, outputs = zip(*((b.samples, b.points) for b in branches), strict=True)
    whole, part = (unpacked(data).subgraphs[0] for data in (file, cut(file, inputs, outputs)))
    assert tuple(part.inputs) == inputs and tuple(part.outputs) == outputs
    made = [int(out) for operator in part.operators for out in operator.outputs]
    order = [int(out) for operator in whole.operators for out in operator.outputs]
    assert 0 < len(made) < len(order) and made == [out for out in order if out in set(made)]
    known = set(inputs)
    for operator in part.operators:
        computed = {int(i) for i in operator.inputs} & set(order)
        assert computed <= known  # nothing of another part is needed
        known |= set(map(int, operator.outputs))
    assert set(outputs) <= known


def test_the_rest_of_the_file_stays(file: bytes) -> None:
    graph = unpacked(file).subgraphs[0]
    inputs, outputs = graph.inputs.tolist(), graph.outputs.tolist()
    before, after = unpacked(file), unpacked(cut(file, inputs, outputs[::-1]))
    assert after.subgraphs[0].outputs.tolist() == outputs[::-1]
    for one, other in zip(before.buffers, after.buffers, strict=True):
        assert np.array_equal(one.data, other.data)
    first, second = ([str(vars(t)) for t in m.subgraphs[0].tensors] for m in (before, after))
    assert first == second
