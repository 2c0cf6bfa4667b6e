"""Muon: orthogonalized updates for weight matrices, AdamW for all other parameters."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

MOMENTUM = 0.9
STEPS = 5  # of the iteration of Newton and Schulz
COEFFICIENTS = (3.4445, -4.775, 2.0315)
EPSILON = 1e-7
ADAMW_SIZE = 0.2  # root mean square of an update of AdamW, in learning rates


class Muon(torch.optim.AdamW):
    """AdamW, except that groups with ``orthogonal: True`` take orthogonalized steps.

    The gradient of such a weight, (O, ...) seen as a matrix of O rows, is averaged with Nesterov
    momentum and replaced by the nearest matrix with orthogonal rows or columns, so that rare
    directions move as far as frequent ones. The step is scaled to the size of AdamW's, so that
    learning rate and weight decay mean the same in all groups. The optimizer of that name in
    PyTorch only takes matrices; with its momentum set to ``MOMENTUM`` it computes the same.

    Source: K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024), with
    the scale of J. Liu et al., "Muon is scalable for LLM training" (2025), section 2.2.
    """

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        learning_rate: float,
        *,
        dtype: torch.dtype = torch.float32,
    ):
        """
        Args:
            groups: of parameters, as for AdamW; those with ``orthogonal: True`` have two dimensions
                or more.
            learning_rate: of all groups.
            dtype: of the products of matrices. bfloat16 is exact enough, and faster where the
                device has instructions for it.
        """
        groups = [{"orthogonal": False, **group} for group in groups]
        super().__init__(groups, learning_rate, fused=True)
        # gradients of float16 are unscaled before a step, and a step that overflowed is left out
        self._step_supports_amp_scaling = False
        self._dtype = dtype

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters; ``closure`` computes their gradients first, and its result is
        returned.
        """
        with torch.enable_grad():
            loss = None if closure is None else closure()
        groups = self.param_groups
        for group in groups:
            if group["orthogonal"]:
                for weight in group["params"]:
                    if weight.grad is not None:
                        self._move(weight, weight.grad, group)
        try:
            self.param_groups = [group for group in groups if not group["orthogonal"]]
            if self.param_groups:
                super().step()
        finally:
            self.param_groups = groups
        return loss

    @torch.no_grad()
    def _move(self, weight: nn.Parameter, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(gradient)
            state["step"] = torch.zeros(())  # AdamW expects it in every state
        average = state["momentum"].lerp_(gradient, 1 - MOMENTUM)
        wanted = gradient.lerp(average, MOMENTUM).flatten(1)
        update = orthogonalized(wanted.to(self._dtype)).reshape(weight.shape)
        rate = group["lr"] * ADAMW_SIZE * math.sqrt(max(wanted.shape))
        weight.mul_(1 - group["lr"] * group["weight_decay"]).sub_(update, alpha=rate)


def orthogonalized(matrix: Tensor) -> Tensor:
    """A matrix with the same singular vectors, and singular values of about 1.

    Five steps of a polynomial iteration. Singular values above 0.2 % of the norm are then between
    0.68 and 1.2, which trains as well as exact ones; smaller ones grow, but stay smaller.

    Args:
        matrix: (O, I), any floating dtype.

    Returns:
        (O, I), the same dtype; zero for zero.
    """
    if matrix.shape[0] > matrix.shape[1]:
        return orthogonalized(matrix.T).T
    wide = matrix / matrix.norm().clamp_min(EPSILON)
    a, b, c = COEFFICIENTS
    for _ in range(STEPS):
        square = wide @ wide.T
        wide = torch.addmm(wide, torch.addmm(square, square, square, beta=b, alpha=c), wide, beta=a)
    return wide
