"""What branches share whose input is standardized over the training set."""

import torch
from torch import Tensor, nn


class StandardizedBranch(nn.Module):
    """Means and standard deviations of the values that a branch sees.

    Attributes:
        mean, spread: buffers of the shape of a face's values, 0 and 1 until ``standardize_by``.
        least_spread: limit below which a value counts as one that never varies, whose spread would
            be divided by; in the unit of the values.
    """

    mean: Tensor
    spread: Tensor
    least_spread: float

    def __init__(self, *shape: int):
        """Args: shape: of a face's values."""
        super().__init__()
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("spread", torch.ones(shape))

    def standardize_by(self, mean: Tensor, spread: Tensor) -> None:
        """Set mean and standard deviation over the training set, float32, in the values' unit."""
        self.mean.copy_(mean)
        self.spread.copy_(spread.clamp_min(self.least_spread))

    def standardized(self, values: Tensor) -> Tensor:
        """Values (B, ...) in standard deviations from the mean."""
        return (values - self.mean) / self.spread


def zero_where_absent(values: Tensor, present: Tensor | None) -> Tensor:
    """Standardized values (B, ...), those of the mean where a face was not reconstructed.

    Args:
        values: of such faces they may be NaN.
        present: (B,) bool, whether the face was reconstructed; None: all were.
    """
    if present is None:
        return values
    return torch.where(present.view(-1, *(1 for _ in values.shape[1:])), values, 0.0)
