"""What every compared model takes, gives and can be asked."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from fer3d.networks.compared.pixels import PixelInput

Criterion = Callable[[Tensor, Tensor], Tensor]  # logits (B, C) and labels (B,) to a mean loss ()


class ComparedNetwork(nn.Module):
    """A network that stands beside the project's own; it takes the arguments of ``FusionNetwork``.

    ``forward`` takes by name: image, (B, 3, H, W) uint8 or float32 in [0, 1], RGB, or what
    ``reduced`` made of it; landmarks, (B, 68, 2 or 3) float32, px, image frame of the aligned
    image; reconstructed, (B,) bool, whether the landmarks were found, all by default; shading,
    which no compared model uses. It gives logits, (B, C) float32.

    A model of one's own needs ``forward`` alone. One whose loss is not the classes' cross entropy
    has its own ``objective``; one that looks at pixels sets ``pixels``, which does the resizing.

    Attributes:
        pixels: what makes the model's image of an aligned one; None where it sees landmarks alone.
        options: keyword arguments that make an equal network, JSON-able; for the checkpoint.
    """

    def __init__(self, pixels: PixelInput | None = None, **options: Any):
        super().__init__()
        self.pixels = pixels
        self.options = options

    def image_of(self, image: Tensor) -> Tensor:
        """What ``pixels`` makes of aligned images (B, 3, H, W).

        Raises:
            ValueError: the model sees landmarks alone.
        """
        if self.pixels is None:
            raise ValueError("this model looks at no image")
        resized: Tensor = self.pixels(image)
        return resized

    def objective(
        self, inputs: dict[str, Tensor], labels: Tensor, criterion: Criterion
    ) -> tuple[Tensor, Tensor]:
        """The loss that trains the model.

        Args:
            inputs: of ``forward``.
            labels: (B,) int64, 0 .. C - 1.
            criterion: cross entropy as the preset has it (smoothing, class weights).

        Returns:
            Loss, () float32; logits, (B, C) float32, for the metrics.
        """
        logits = self(**inputs)
        return criterion(logits, labels), logits

    def reduced(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """The image at the model's resolution: what is done to it then, augmentation, costs less.

        Returns:
            The same inputs otherwise; ``forward`` gives the same logits for them.
        """
        if self.pixels is None:
            return inputs
        return inputs | {"image": self.pixels.reduced(inputs["image"])}

    def calibrate(self, batches: Iterable[dict[str, Tensor]]) -> None:
        """Set what the inputs are standardized by; once, before training.

        Args:
            batches: inputs of ``forward`` that cover the training images once.
        """
        if self.pixels is not None:
            images = (self.pixels.reduced(batch["image"]) for batch in batches)
            self.pixels.standardize_by(*channel_statistics(images))

    def standardize_as(self, other: "ComparedNetwork") -> None:
        """Take over what another network of the same kind standardizes its inputs by."""
        if self.pixels is not None and other.pixels is not None:
            self.pixels.load_state_dict(other.pixels.state_dict())

    @torch.no_grad()
    def probabilities(self, **inputs: Tensor | None) -> Tensor:
        """Softmax of the logits, (B, C) float32, rows summing to 1; arguments as ``forward``."""
        return self(**inputs).float().softmax(dim=1)


def channel_statistics(images: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel.

    Args:
        images: (B, C, H, W) float32 each.

    Returns:
        two of (C,) float32.

    Raises:
        ValueError: no image at all.
    """
    count = 0
    total = square = torch.zeros((), dtype=torch.float64)
    for part in images:
        values = part.double()
        count += values[:, 0].numel()
        total = total + values.sum(dim=(0, 2, 3))
        square = square + values.square().sum(dim=(0, 2, 3))
    if not count:
        raise ValueError("standardization needs at least one training image")
    mean = total / count
    return mean.float(), (square / count - mean**2).clamp_min(0).sqrt().float()
