"""Weights in fewer bytes."""

import pytest
import torch

from fer3d.training.rounded import restored, rounded


def test_the_rows_of_a_large_matrix_are_integers_with_a_scale() -> None:
    matrix = torch.zeros(64, 4, 4, 4)
    matrix[0, 0, 0, :3] = torch.tensor([254.0, 1.0, -3.1])
    matrix[1, 0, 0, :3] = torch.tensor([-0.127, 0.0004, 0.0626])
    written = rounded({"w": matrix}, "int8")
    assert written["w"].dtype == torch.int8
    assert written["w"][0, 0, 0, :3].tolist() == [127, 0, -2]  # the half is rounded to even
    assert written["w"][1, 0, 0, :3].tolist() == [-127, 0, 63]
    values = restored(written)["w"]
    assert values.dtype == torch.float32
    torch.testing.assert_close(values[:2, 0, 0, 0], torch.tensor([254.0, -0.127]))
    torch.testing.assert_close(values[:2, 0, 0, 2], torch.tensor([-4.0, 0.063]))
    assert not values[2:].any()  # rows of zeros


def test_no_value_is_off_by_more_than_half_a_step() -> None:
    matrix = torch.randn(50, 300, generator=torch.Generator().manual_seed(0))
    values = restored(rounded({"w": matrix}, "int8"))["w"]
    step = matrix.abs().amax(dim=1, keepdim=True) / 127
    assert ((values - matrix).abs() <= 0.5001 * step).all()


@pytest.mark.parametrize("rounding", ["float32", "float16", "int8"])
def test_integers_and_small_tensors_keep_their_values(rounding: str) -> None:
    state = {
        "indices": torch.arange(5000).view(50, 100),
        "bias": torch.tensor([0.5, -2.0]),
        "classifier": torch.eye(7),
    }
    values = restored(rounded(state, rounding))
    assert values.keys() == state.keys()
    assert values["indices"].dtype == torch.int64
    assert all(torch.equal(values[name].to(state[name]), state[name]) for name in state)
