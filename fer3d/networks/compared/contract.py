"""The common interface of the compared models."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from fer3d.networks.compared.pixels import PixelInput
from fer3d.networks.inputs import input_fractions

Criterion = Callable[[Tensor, Tensor], Tensor]  # logits (B, C), labels (B,) -> mean loss ()


class ComparedNetwork(nn.Module):
    """Base class of compared networks, with the arguments of ``FusionNetwork``.

    Keyword arguments of ``forward``: image, (B, 3, H, W) uint8 or float32 in [0, 1], RGB, or the
    result of ``reduced``; landmarks, (B, 68, 2 or 3) float32, px, image frame of the aligned image;
    reconstructed, (B,) bool, whether the landmarks were found, by default all true; shading, which
    no compared model uses. It returns logits, (B, C) float32.

    A new model only has to define ``forward``. It overrides ``objective`` if its loss is not the
    cross entropy, and sets ``pixels``, which resizes, if it uses the image.

    Attributes:
        pixels: converts aligned images for the model; None if it only uses landmarks.
        memory_format: of the weights in training; channels last is faster for most networks
            (docs/speed.md).
        first_layers: weights that have AdamW's steps in a training with Muon.
    """

    memory_format: torch.memory_format = torch.channels_last
    first_layers: tuple[Tensor, ...] = ()

    def __init__(self, pixels: PixelInput | None = None):
        super().__init__()
        self.pixels = pixels

    def image_of(self, image: Tensor) -> Tensor:
        """Aligned images (B, 3, H, W), converted by ``pixels``.

        Raises:
            ValueError: the model only uses landmarks.
        """
        if self.pixels is None:
            raise ValueError("this model does not use the image")
        resized: Tensor = self.pixels(image)
        return resized

    def objective(
        self, inputs: dict[str, Tensor], labels: Tensor, criterion: Criterion
    ) -> tuple[Tensor, Tensor]:
        """The training loss of the model.

        Args:
            inputs: of ``forward``.
            labels: (B,) int64, 0 .. C - 1.
            criterion: cross entropy of the preset (smoothing, class weights).

        Returns:
            Loss, () float32; logits, (B, C) float32, for the metrics.
        """
        logits = self(**inputs)
        return criterion(logits, labels), logits

    def reduced(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """The inputs with the image at the model's resolution, so that augmentation is faster.

        Args:
            inputs: of ``forward``; images may be uint8, as from ``raw_inputs``.

        Returns:
            Inputs for which ``forward`` gives the same logits.
        """
        if self.pixels is not None:
            inputs = inputs | {"image": self.pixels.reduced(inputs["image"])}
        return input_fractions(inputs)

    def calibrate(self, batches: Iterable[dict[str, Tensor]]) -> None:
        """Measure the statistics for the standardization of inputs; once, before training.

        Args:
            batches: inputs of ``forward`` that cover the training images once.
        """
        if self.pixels is not None:
            images = (self.pixels.reduced(batch["image"]) for batch in batches)
            self.pixels.standardize_by(*channel_statistics(images))

    def standardize_as(self, other: "ComparedNetwork") -> None:
        """Copy the statistics of standardization from another network of the same class."""
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
        ValueError: no images.
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
