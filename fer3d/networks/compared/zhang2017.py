"""Zhang-2017: PHRNN-MSCNN, late fusion of a landmark network and an image network."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer3d.networks.compared.contract import ComparedNetwork, Criterion
from fer3d.networks.compared.operations import LocalResponseNorm, he_initialise
from fer3d.networks.compared.pixels import PixelInput
from fer3d.networks.compared.points import scaled_points
from fer3d.networks.layers import max_pool

SIDE, CROP = 64, 60  # px
STAGES = (10, 20, 40)  # filters of the convolutions before pooling and normalization
LAST_FILTERS, LAST_KERNEL = 40, 3
LAST_SIDE = 2  # px, of the last maps
KERNEL = 5  # px
POOL = 2  # side of the max pooling
NEIGHBOURHOOD = 5  # channels of the local response normalization
FEATURES = 80
MIN_SQUARE = 1e-8  # of unit features' squared distance; its root has no derivative at 0

BROWS, NOSE, EYES, MOUTH = (slice(17, 27), slice(27, 36), slice(36, 48), slice(48, 68))
HIDDEN = (30, 30, 60, 60, 90, 90)  # per direction, of L1, L3, L4, L6, L7, L9


def verification_loss(features: Tensor, labels: Tensor, margin: float = 1.0) -> Tensor:
    """Verification loss, mean over all pairs of features.

    For a pair of one class, half the squared distance; for a pair of two classes, half of max(0,
    margin - distance)^2.

    Args:
        features: (B, D) float32; they are scaled to length 1 first.
        labels: (B,) int64.
        margin: in units of the scaled features, which are at most 2 apart.

    Returns:
        () float32; 0 for a single image.

    Source: Sun et al. 2014 (DeepID2), equation 2.
    """
    with torch.autocast(features.device.type, enabled=False):
        unit = F.normalize(features.float(), dim=1)
        squares = (2 - 2 * unit @ unit.T).clamp_min(MIN_SQUARE)
        apart = (margin - squares.sqrt()).clamp_min(0).square()
        costs = 0.5 * torch.where(labels[:, None] == labels[None, :], squares, apart)
        pairs = len(labels) * (len(labels) - 1) / 2
        return costs.triu(diagonal=1).sum() / max(pairs, 1)


class MSCNN(ComparedNetwork):
    """The image network: four convolutions, 80 features; cross entropy and verification loss.

    Grey of 64 x 64, of which the middle 60 x 60; convolutions of 5, 5, 5 without padding, each with
    ReLU, a maximum over 2 x 2 and normalization, to 28 x 28 x 10, 12 x 12 x 20, 4 x 4 x 40; a
    convolution of 3 to 2 x 2 x 40; 160 to 80, ReLU, to C.
    """

    def __init__(self, classes: int, *, verification: float = 0.05, margin: float = 1.0):
        """
        Args:
            classes: C.
            verification: weight of the verification loss.
            margin: of the verification loss.
        """
        super().__init__(PixelInput(SIDE, 1, crop=CROP))
        self.verification, self.margin = verification, margin
        layers: list[nn.Module] = []
        channels = 1
        for filters in STAGES:
            layers.append(nn.Conv2d(channels, filters, KERNEL))
            channels = filters
        self.convolutions = nn.ModuleList(layers)
        self.normalization = LocalResponseNorm(NEIGHBOURHOOD)
        self.last = nn.Conv2d(channels, LAST_FILTERS, LAST_KERNEL)
        self.encoder = nn.Linear(LAST_FILTERS * LAST_SIDE**2, FEATURES)
        self.top = nn.Linear(FEATURES, classes)
        he_initialise(self, self.top)

    def features(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) to the 80 features after ReLU, (B, 80)."""
        maps = self.image_of(image)
        for convolution in self.convolutions:
            maps = self.normalization(max_pool(convolution(maps), POOL).relu_())
        return self.encoder(self.last(maps).relu().flatten(1)).relu()

    def forward(self, image: Tensor, **_: Tensor | None) -> Tensor:
        """(B, C) logits; see ``ComparedNetwork``."""
        return self.top(self.features(image))

    def objective(
        self, inputs: dict[str, Tensor], labels: Tensor, criterion: Criterion
    ) -> tuple[Tensor, Tensor]:
        """Cross entropy + verification loss; see ``ComparedNetwork.objective``."""
        features = self.features(inputs["image"])
        logits = self.top(features)
        pairs = verification_loss(features, labels, self.margin)
        return criterion(logits, labels) + self.verification * pairs, logits


class PHRNN(ComparedNetwork):
    """The landmark network: recurrent layers for parts of the face, joined in several steps.

    Brows, nose, eyes and mouth (51 points, no jaw) have a bidirectional layer each (L1); brows and
    eyes are joined (L2), two more layers follow (L3, L4); brows, eyes and nose, and nose and mouth
    are joined (L5), two more (L6, L7); all is joined (L8), an LSTM (L9), a layer to C (L10, L11).
    A still image is a sequence of length 1: a recurrent layer is then two tanh layers, and its
    recurrent matrices, with a zero state, are never updated. For a face without landmarks, the
    points are zeros.
    """

    def __init__(self, classes: int):
        """
        Args:
            classes: C.
        """
        super().__init__()
        first, third, fourth, sixth, seventh, ninth = HIDDEN
        sizes = [2 * (part.stop - part.start) for part in (BROWS, NOSE, EYES, MOUTH)]
        self.parts = _recurrent(sizes, first)
        self.third = _recurrent([4 * first, 2 * first, 2 * first], third)
        self.fourth = _recurrent([2 * third] * 3, fourth)
        self.sixth = _recurrent([4 * fourth] * 2, sixth)
        self.seventh = _recurrent([2 * sixth] * 2, seventh)
        self.ninth = nn.LSTM(4 * seventh, ninth, batch_first=True, bidirectional=True)
        self.top = nn.Linear(2 * ninth, classes)

    def forward(
        self, landmarks: Tensor, reconstructed: Tensor | None = None, **_: Tensor | None
    ) -> Tensor:
        """(B, C) logits; see ``ComparedNetwork``."""
        points = scaled_points(landmarks, reconstructed)[:, None]  # one frame
        parts = [points[:, :, part].flatten(2) for part in (BROWS, NOSE, EYES, MOUTH)]
        brows, nose, eyes, mouth = _each(self.parts, parts)
        upper, nose, mouth = _each(
            self.fourth, _each(self.third, [torch.cat([brows, eyes], dim=2), nose, mouth])
        )
        halves = [torch.cat([upper, nose], dim=2), torch.cat([nose, mouth], dim=2)]
        halves = _each(self.seventh, _each(self.sixth, halves))
        return self.top(self.ninth(torch.cat(halves, dim=2))[0][:, -1])


def _recurrent(sizes: list[int], hidden: int) -> nn.ModuleList:
    """A bidirectional recurrent layer for each input size."""
    return nn.ModuleList(
        [nn.RNN(size, hidden, batch_first=True, bidirectional=True) for size in sizes]
    )


def _each(layers: nn.ModuleList, sequences: list[Tensor]) -> list[Tensor]:
    """Each layer applied to its sequence (B, T, D): (B, T, 2 x hidden)."""
    return [layer(sequence)[0] for layer, sequence in zip(layers, sequences, strict=True)]


class Zhang2017(ComparedNetwork):
    """Both networks, trained separately; a weighted mean of their probabilities.

    53,207 + 553,387 parameters for seven classes.

    Left open by the sources and chosen here:

    - Fusion: p = w p_PHRNN + (1 - w) p_MSCNN, w of 0, 0.1 ... 1 by validation macro F1. The
      article's function of probabilities (and ranks) was not available.
    - Normalization of MSCNN: local response normalization over 5 channels; ReLU.
    - Verification loss on features of length 1, so that the margin does not depend on the network;
      margin 1, weight 0.05, all pairs of a batch.
    - Always the central crop; a random crop would be augmentation.
    - L10 and L11 are one layer.
    - Initial weights: MSCNN by He et al. 2015, see ``he_initialise``; PHRNN PyTorch's own.
    """

    fusion_weight: Tensor

    def __init__(self, classes: int, *, verification: float = 0.05, margin: float = 1.0):
        """
        Args:
            classes: C.
            verification: weight of the verification loss.
            margin: of the verification loss.
        """
        super().__init__()
        self.mscnn = MSCNN(classes, verification=verification, margin=margin)
        self.phrnn = PHRNN(classes)
        self.pixels = self.mscnn.pixels
        self.register_buffer("fusion_weight", torch.tensor(0.5))

    def forward(self, **inputs: Tensor | None) -> Tensor:
        """Logarithms of the fused probabilities, (B, C); see ``ComparedNetwork``."""
        by_points = self.phrnn(**inputs).softmax(dim=1)
        by_image = self.mscnn(**inputs).softmax(dim=1)
        return fuse(by_points, by_image, self.fusion_weight).log()


def fuse(by_points: Tensor, by_image: Tensor, weight: Tensor | float) -> Tensor:
    """weight p_PHRNN + (1 - weight) p_MSCNN; probabilities (B, C)."""
    return weight * by_points + (1 - weight) * by_image
