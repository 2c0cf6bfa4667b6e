"""Muon, against PyTorch's, which only takes matrices."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from fer3d.training.muon import MOMENTUM, Muon, orthogonalized


def gradients(shape: tuple[int, ...], count: int = 4) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator) for _ in range(count)]


def train(optimizer: torch.optim.Optimizer, weight: Tensor, steps: list[Tensor]) -> Tensor:
    for gradient in steps:
        weight.grad = gradient.clone()
        optimizer.step()
        assert torch.equal(weight.grad, gradient)
    return weight.detach()


@pytest.mark.parametrize("shape", [(8, 30), (30, 8), (12, 12)])
def test_singular_vectors_stay_and_values_become_one(shape: tuple[int, int]) -> None:
    matrix = gradients(shape, 1)[0]
    result = orthogonalized(matrix)
    left, values, right = torch.linalg.svd(result, full_matrices=False)
    assert 0.6 < values.min() <= values.max() < 1.25
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    within = left.T @ result @ right.T
    assert (within - within.diag().diag()).abs().max() < 1e-4


def test_no_gradient_is_no_step() -> None:
    assert torch.equal(orthogonalized(torch.zeros(3, 5)), torch.zeros(3, 5))


@pytest.mark.parametrize("shape", [(6, 40), (40, 6)])
def test_matrices_move_as_in_pytorch(shape: tuple[int, int]) -> None:
    start = gradients(shape, 5)[-1]
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    group = {"params": [ours], "weight_decay": 0.3, "orthogonal": True}
    mine = Muon([group], 0.01, dtype=torch.bfloat16)
    published = torch.optim.Muon(
        [theirs], 0.01, weight_decay=0.3, momentum=MOMENTUM, adjust_lr_fn="match_rms_adamw"
    )
    moved = train(mine, ours, gradients(shape)) - start
    expected = train(published, theirs, gradients(shape)) - start
    torch.testing.assert_close(moved, expected, rtol=0.02, atol=0.02 * float(expected.abs().max()))


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_kernels_move_as_matrices(memory_format: torch.memory_format) -> None:
    shape = (8, 4, 3, 3)
    kernel = nn.Parameter(torch.zeros(shape).to(memory_format=memory_format))
    matrix = nn.Parameter(torch.zeros(8, 36))
    steps = gradients(shape)
    for weight in (kernel, matrix):
        optimizer = Muon([{"params": [weight], "orthogonal": True}], 0.01)
        train(optimizer, weight, [step.view(weight.shape) for step in steps])
    torch.testing.assert_close(kernel.detach().flatten(1), matrix.detach())


def test_the_rest_moves_as_with_adamw() -> None:
    start = torch.ones(5)
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    other = nn.Parameter(torch.ones(4, 4))
    other.grad = torch.ones(4, 4)
    groups = [{"params": [ours], "weight_decay": 0.1}, {"params": [other], "orthogonal": True}]
    moved = train(Muon(groups, 0.01), ours, gradients((5,)))
    adamw = torch.optim.AdamW([theirs], 0.01, weight_decay=0.1, fused=True)
    assert torch.equal(moved, train(adamw, theirs, gradients((5,))))
    assert not torch.equal(other, torch.ones(4, 4))


def test_it_continues_from_its_state() -> None:
    weights = [nn.Parameter(torch.zeros(6, 9)) for _ in "ab"]
    steps = gradients((6, 9))
    optimizers = [Muon([{"params": [weight], "orthogonal": True}], 0.01) for weight in weights]
    train(optimizers[0], weights[0], steps[:2])
    weights[1].data.copy_(weights[0].data)
    optimizers[1].load_state_dict(deepcopy(optimizers[0].state_dict()))
    ends = [train(o, w, steps[2:]) for o, w in zip(optimizers, weights, strict=True)]
    assert torch.equal(*ends)


def test_a_closure_computes_the_gradients() -> None:
    weight = nn.Parameter(torch.ones(4, 6))

    def closure() -> Tensor:
        loss = weight.square().sum()
        loss.backward()
        return loss

    optimizer = Muon([{"params": [weight], "orthogonal": True}], 0.01)
    assert optimizer.step(closure).item() == 24
    assert weight.max() < 1
