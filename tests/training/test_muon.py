"""Muon, against PyTorch's, which only takes matrices."""

import io

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
    values = torch.linalg.svdvals(result)
    assert 0.6 < values.min() <= values.max() < 1.25
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    within = left.T @ result @ right.T
    assert (within - within.diag().diag()).abs().max() < 1e-4


def test_zero_stays_zero() -> None:
    assert torch.equal(orthogonalized(torch.zeros(3, 5)), torch.zeros(3, 5))


def test_a_weight_without_a_gradient_stays() -> None:
    weights = [nn.Parameter(torch.ones(3, 5)) for _ in range(2)]
    optimizer = Muon([{"params": weights, "weight_decay": 0.5, "orthogonal": True}], 0.1)
    train(optimizer, weights[0], gradients((3, 5)))
    assert torch.equal(weights[1], torch.ones(3, 5))
    assert weights[1] not in optimizer.state
    assert weights[0].max() < 0.95


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
        laid_out = (step.to(memory_format=memory_format) for step in steps)
        train(optimizer, weight, [step.reshape(weight.shape) for step in laid_out])
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
    steps = gradients((6, 9))

    def made() -> tuple[Muon, nn.Parameter, nn.Parameter]:
        matrix, vector = nn.Parameter(torch.zeros(6, 9)), nn.Parameter(torch.zeros(9))
        groups = [{"params": [matrix], "orthogonal": True}, {"params": [vector]}]
        return Muon(groups, 0.01), matrix, vector

    def moved(optimizer: Muon, matrix: Tensor, vector: Tensor, given: list[Tensor]) -> None:
        for step in given:
            matrix.grad, vector.grad = step, step[0]
            optimizer.step()

    optimizer, matrix, vector = made()
    moved(optimizer, matrix, vector, steps)
    half, first, second = made()
    moved(half, first, second, steps[:2])
    stored = io.BytesIO()
    torch.save(half.state_dict(), stored)
    stored.seek(0)
    other, third, fourth = made()
    other.load_state_dict(torch.load(stored, weights_only=True))
    for new, old in ((third, first), (fourth, second)):
        new.data.copy_(old.data)
    moved(other, third, fourth, steps[2:])
    assert torch.equal(third, matrix)
    assert torch.equal(fourth, vector)


def test_a_step_that_overflowed_is_left_out() -> None:
    weight = nn.Parameter(torch.ones(4, 6))
    plain = nn.Parameter(torch.ones(4, 6))
    steps = gradients((4, 6))
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    optimizer = Muon([{"params": [weight], "orthogonal": True}], 0.01)
    for gradient in (steps[0], torch.full((4, 6), torch.inf), *steps[1:]):
        optimizer.zero_grad()
        scaler.scale((weight * gradient).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
    expected = train(Muon([{"params": [plain], "orthogonal": True}], 0.01), plain, steps)
    torch.testing.assert_close(weight.detach(), expected)


def test_a_closure_computes_the_gradients() -> None:
    weight = nn.Parameter(torch.ones(4, 6))
    calls = []

    def closure() -> Tensor:
        calls.append(1)
        loss = weight.square().sum()
        loss.backward()
        return loss

    optimizer = Muon([{"params": [weight], "orthogonal": True}], 0.01)
    with torch.no_grad():
        assert optimizer.step(closure).item() == 24
    assert len(calls) == 1
    assert weight.max() < 1
