"""Jung-2015: DTAGN, an appearance network and a landmark network with joint fine-tuning."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from fer3d.networks.branches.landmark import POINTS
from fer3d.networks.compared.contract import ComparedNetwork, Criterion
from fer3d.networks.compared.operations import LocalResponseNorm, he_initialise, layers_of
from fer3d.networks.compared.pixels import PixelInput
from fer3d.networks.compared.points import scaled_points
from fer3d.networks.layers import max_pool

FILTERS = 64
KERNEL = 5  # px
NEIGHBOURHOODS = (5, 3)  # channels of the local response normalization, by stage
POOL = 2  # side of the max pooling
APPEARANCE_WIDTHS = (500, 500)
GEOMETRY_WIDTHS = (100, 600)
LOSS_WEIGHTS = (1.0, 1.0, 0.1)  # of DTAN's, DTGN's and the joint cross entropy


class DTAN(ComparedNetwork):
    """The appearance network: two convolution and pooling stages, two hidden layers, a linear
    layer.

    Grey of 64 x 64; convolution of 5 x 5 to 64 maps, normalization, ReLU, maximum over 2 x 2, twice
    (64, 32, 16); 16,384 to 500, 500, each with ReLU and dropout; to C.
    """

    memory_format = torch.contiguous_format  # its normalization is slower with channels last

    def __init__(self, classes: int, *, side: int = 64, dropout: float = 0.5):
        """
        Args:
            classes: C.
            side: of the input, px.
            dropout: probability.
        """
        super().__init__(PixelInput(side, 1))
        padding = KERNEL // 2
        self.convolutions = nn.ModuleList(
            [nn.Conv2d(channels, FILTERS, KERNEL, padding=padding) for channels in (1, FILTERS)]
        )
        self.normalizations = nn.ModuleList([LocalResponseNorm(size) for size in NEIGHBOURHOODS])
        flat = FILTERS * (side // POOL ** len(NEIGHBOURHOODS)) ** 2
        self.encoder = layers_of((flat, *APPEARANCE_WIDTHS), dropout)
        self.top = nn.Linear(APPEARANCE_WIDTHS[-1], classes)
        he_initialise(self, self.top)

    def forward(self, image: Tensor, **_: Tensor | None) -> Tensor:
        """(B, C) logits l1; see ``ComparedNetwork``."""
        maps = self.image_of(image)
        for convolution, normalization in zip(self.convolutions, self.normalizations, strict=True):
            maps = max_pool(normalization(convolution(maps)), POOL).relu_()
        return self.top(self.encoder(maps.flatten(1)))


class DTGN(ComparedNetwork):
    """The landmark network: 136 coordinates, layers of 100 and 600 with dropout, a linear layer.

    For a face without landmarks, the coordinates are zeros.
    """

    def __init__(self, classes: int, *, dropout: float = 0.5):
        """
        Args:
            classes: C.
            dropout: probability.
        """
        super().__init__()
        self.encoder = layers_of((2 * POINTS, *GEOMETRY_WIDTHS), dropout)
        self.top = nn.Linear(GEOMETRY_WIDTHS[-1], classes)
        he_initialise(self, self.top)

    def forward(
        self, landmarks: Tensor, reconstructed: Tensor | None = None, **_: Tensor | None
    ) -> Tensor:
        """(B, C) logits l2; see ``ComparedNetwork``."""
        return self.top(self.encoder(scaled_points(landmarks, reconstructed).flatten(1)))


class Jung2015(ComparedNetwork):
    """DTAGN: the sum of both networks' logits.

    DTAN and DTGN are trained separately (``dtan``, ``dtgn``), then their top layers jointly, the
    rest frozen, with a1 L1 + a2 L2 + a3 L3, the cross entropies of l1, l2 and l1 + l2. A still
    image is a sequence of one frame: DTAN has one input channel, DTGN 68 x 2 values. 8,550,635 +
    78,507 parameters for seven classes.

    Left open by the sources and chosen here:

    - Convolutions keep the size (64, 32, 16), as in a published re-implementation.
    - The nose point is the lowest one, index 33 of 0 to 67.
    - Dropout 0.5, the usual value at that time.
    - The best epoch of the joint step is chosen by validation macro F1, like every other step.
    - Local response normalization with PyTorch's constants.
    - The article's flips, rotations and landmark noise are left out of the preset `article`, as
      in Bao et al.
    - Initial weights: He et al. 2015, see ``he_initialise``.
    """

    memory_format = DTAN.memory_format

    def __init__(
        self,
        classes: int,
        *,
        side: int = 64,
        dropout: float = 0.5,
        loss_weights: Sequence[float] = LOSS_WEIGHTS,
    ):
        """
        Args:
            classes: C.
            side: of DTAN's input, px.
            dropout: probability.
            loss_weights: a1, a2, a3.
        """
        super().__init__()
        self.dtan = DTAN(classes, side=side, dropout=dropout)
        self.dtgn = DTGN(classes, dropout=dropout)
        self.pixels = self.dtan.pixels
        self.loss_weights = tuple(loss_weights)

    def freeze_below_the_tops(self) -> None:
        """Freeze all but the two top linear layers, for the joint step."""
        for network in (self.dtan, self.dtgn):
            network.requires_grad_(False)
            network.top.requires_grad_(True)

    def both(self, inputs: Mapping[str, Tensor | None]) -> tuple[Tensor, Tensor]:
        """l1 and l2, two of (B, C)."""
        return self.dtan(**inputs), self.dtgn(**inputs)

    def forward(self, **inputs: Tensor | None) -> Tensor:
        """(B, C) logits l1 + l2; see ``ComparedNetwork``."""
        first, second = self.both(inputs)
        return first + second

    def objective(
        self, inputs: dict[str, Tensor], labels: Tensor, criterion: Criterion
    ) -> tuple[Tensor, Tensor]:
        """a1 L1 + a2 L2 + a3 L3; see ``ComparedNetwork.objective``."""
        first, second = self.both(inputs)
        joint = first + second
        losses = [criterion(logits, labels) for logits in (first, second, joint)]
        weighted = [a * loss for a, loss in zip(self.loss_weights, losses, strict=True)]
        return torch.stack(weighted).sum(), joint
