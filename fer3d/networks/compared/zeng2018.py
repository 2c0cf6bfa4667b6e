"""Zeng-2018: LTNet of IPA2LT, the latent truth of annotators who disagree."""

from collections.abc import Sequence
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from fer3d.networks.compared.contract import ComparedNetwork, Criterion
from fer3d.networks.compared.operations import overlapping_max_pool
from fer3d.networks.compared.pixels import PixelInput
from fer3d.networks.layers import convolution, convolved_side

STEM, STEM_KERNEL = 32, 7  # filters; px
Stages = Sequence[tuple[int, int, int]]  # middle and outer filters, number of blocks, of each
STAGES: Stages = ((16, 64, 3), (32, 128, 4), (64, 256, 16), (96, 384, 3))
FEATURES = 1024
MIN_ENTRY = 1e-5  # replaces negative entries of a transition matrix
MIN_PROBABILITY = 1e-7  # added before the logarithm, which is undefined at 0


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3 and 1 x 1 convolutions, added to the input or its projection; BN and ReLU.

    A block with a projection is the first of its stage. The last block of the network has neither
    normalization nor ReLU after the sum.
    """

    def __init__(
        self, channels: int, middle: int, filters: int, *, stride: int, first: bool, last: bool
    ):
        super().__init__()
        self.residual = nn.Sequential(
            *convolution(channels, middle, 1),
            nn.ReLU(),
            *convolution(middle, middle, 3, stride, padding=1),
            nn.ReLU(),
            nn.Conv2d(middle, filters, 1, bias=False),
        )
        shortcut = convolution(channels, filters, 1, stride) if first else []
        self.shortcut = nn.Sequential(*shortcut)
        self.after = nn.Sequential(*([] if last else [nn.BatchNorm2d(filters), nn.ReLU()]))

    def forward(self, maps: Tensor) -> Tensor:
        """(B, channels, H, W) to (B, filters, ceil(H / stride), ceil(W / stride))."""
        return self.after(self.residual(maps) + self.shortcut(maps))


class ZengBase(ComparedNetwork):
    """The base network: a residual network of 26 bottlenecks, a layer of 1024, C.

    RGB, batch normalization on the image; convolution of 7 x 7, stride 2, 32; maximum 3/2; four
    stages of 3, 4, 16, 3 bottlenecks to 64, 128, 256, 384 filters; maximum 3/2; 1024, batch
    normalization, ReLU; C. 3,392,493 parameters at 100 px and 8,111,085 at 248 px, seven classes.

    Attributes:
        untrained: makes a network of the same layers with new initial weights.
    """

    def __init__(self, classes: int, *, side: int = 100, stages: Stages = STAGES):
        """
        Args:
            classes: C.
            side: of the input, px; the article has 248.
            stages: of bottlenecks.
        """
        super().__init__(PixelInput(side, 3))
        self.untrained = partial(ZengBase, classes, side=side, stages=stages)
        self.stem = nn.Sequential(
            nn.BatchNorm2d(3), nn.Conv2d(3, STEM, STEM_KERNEL, 2, STEM_KERNEL // 2, bias=False)
        )
        self.after_stem = nn.Sequential(nn.BatchNorm2d(STEM), nn.ReLU())
        self.blocks = nn.Sequential(*_bottlenecks(STEM, stages))
        filters = stages[-1][1]
        self.after_blocks = nn.Sequential(nn.BatchNorm2d(filters), nn.ReLU())
        flat = filters * _final_side(side, stages) ** 2
        self.encoder = nn.Sequential(nn.Linear(flat, FEATURES), nn.BatchNorm1d(FEATURES), nn.ReLU())
        self.classifier = nn.Linear(FEATURES, classes)

    def forward(self, image: Tensor, **_: Tensor | None) -> Tensor:
        """(B, C) logits; see ``ComparedNetwork``."""
        maps = self.after_stem(overlapping_max_pool(self.stem(self.image_of(image))))
        maps = self.after_blocks(overlapping_max_pool(self.blocks(maps)))
        return self.classifier(self.encoder(maps.flatten(1)))

    def freeze_first_convolutions(self) -> None:
        """Freeze the first two convolutions."""
        self.stem[1].requires_grad_(False)
        first = cast(Bottleneck, self.blocks[0])
        first.residual[0].requires_grad_(False)


def _bottlenecks(channels: int, stages: Stages) -> list[nn.Module]:
    blocks: list[nn.Module] = []
    for stage, (middle, filters, count) in enumerate(stages):
        for number in range(count):
            first = number == 0
            last = stage == len(stages) - 1 and number == count - 1
            stride = 2 if first and stage else 1
            blocks.append(
                Bottleneck(channels, middle, filters, stride=stride, first=first, last=last)
            )
            channels = filters
    return blocks


def _final_side(side: int, stages: Stages) -> int:
    """Side of the maps after the last pooling, px."""
    side = _pooled(convolved_side(side, STEM_KERNEL, 2, STEM_KERNEL // 2))
    for _ in stages[1:]:
        side = convolved_side(side, 3, 2, 1)
    return _pooled(side)


def _pooled(side: int) -> int:
    return -((side - 3) // -2) + 1


def annotator_probabilities(latent: Tensor, transitions: Tensor) -> Tensor:
    """Label probabilities of each annotator: P(y^k = l) = sum over i of p_i T^k_il.

    Args:
        latent: (B, C) float32, p, rows summing to 1.
        transitions: (K, C, C) float32, rows summing to 1: from the latent to the given label.

    Returns:
        (B, K, C) float32, rows summing to 1.
    """
    return torch.einsum("bi,kil->bkl", latent, transitions)


def annotator_loss(
    probabilities: Tensor, labels: Tensor, weights: Sequence[float], criterion: Criterion
) -> Tensor:
    """The sum over the annotators of w_k x the mean over the images of -log P(y^k).

    Args:
        probabilities: (B, K, C) float32, rows summing to 1.
        labels: (B, K) int64.
        weights: K.
        criterion: cross entropy of logits; log-probabilities are logits.

    Returns:
        () float32.
    """
    logits = (probabilities + MIN_PROBABILITY).log()
    losses = [criterion(logits[:, k], labels[:, k]) for k in range(len(weights))]
    return torch.stack([w * loss for w, loss in zip(weights, losses, strict=True)]).sum()


class Zeng2018(ComparedNetwork):
    """LTNet: a base network for the latent truth, a transition matrix for each annotator.

    For inference, the probabilities of the classes are the latent ones.

    Left open by the sources and chosen here:

    - A single data set has one label per image. A base network is trained on each half of the
      training images and labels the other half: the annotators are the human and this network. A
      network that labels its own training images would only repeat their labels.
    - 100 px, the project's crop, and no mirroring. ``side`` of 248 is the article's.
    - Transition matrices start with 0.9 on the diagonal ("near the identity").
    - -log(P + 1e-7). The published code applies the softmax twice, which is not reproduced.
    - Initial weights: PyTorch's own; batch normalization follows.
    """

    def __init__(
        self,
        classes: int,
        *,
        side: int = 100,
        stages: Stages = STAGES,
        annotator_weights: Sequence[float] = (3.0, 0.5),
        diagonal: float = 0.9,
    ):
        """
        Args:
            classes: C.
            side: of the input, px.
            stages: of the base network.
            annotator_weights: w, one per annotator, the human first.
            diagonal: initial value of the diagonal of a transition matrix.
        """
        base = ZengBase(classes, side=side, stages=stages)
        super().__init__(base.pixels)
        self.base, self.annotator_weights = base, tuple(annotator_weights)
        off = (1 - diagonal) / max(classes - 1, 1)
        start = torch.full((classes, classes), off).fill_diagonal_(diagonal)
        self.transitions = nn.Parameter(start.repeat(len(self.annotator_weights), 1, 1))

    @torch.no_grad()
    def project_transitions(self) -> None:
        """Make rows of the matrices distributions: negative entries 1e-5, then rows sum to 1."""
        entries = torch.where(self.transitions < 0, MIN_ENTRY, self.transitions)
        self.transitions.copy_(entries / entries.sum(dim=2, keepdim=True))

    def forward(self, image: Tensor, **_: Tensor | None) -> Tensor:
        """(B, C) logits of the latent truth; see ``ComparedNetwork``."""
        return self.base(image)

    def objective(
        self, inputs: dict[str, Tensor], labels: Tensor, criterion: Criterion
    ) -> tuple[Tensor, Tensor]:
        """The annotators' loss in training; see ``ComparedNetwork.objective``.

        Args:
            labels: (B, K) int64; or (B,), only of the human: the loss is then the cross entropy of
                the latent truth.
        """
        logits = self(**inputs)
        if labels.ndim == 1:
            return criterion(logits, labels), logits
        self.project_transitions()
        with torch.autocast(logits.device.type, enabled=False):
            said = annotator_probabilities(logits.float().softmax(dim=1), self.transitions)
            return annotator_loss(said, labels, self.annotator_weights, criterion), logits
