"""INC-2016: the Inception network of Mollahosseini et al. 2016."""

import torch
from torch import Tensor, nn

from fer3d.networks.compared.contract import ComparedNetwork
from fer3d.networks.compared.operations import he_initialise, overlapping_max_pool
from fer3d.networks.compared.pixels import PixelInput

STEM = (64, 192)  # filters of the two convolutions before the modules
WIDTHS = (4096, 1024)  # of the fully connected layers
# Filters: 1x1; 1x1 before the 3x3, 3x3; 1x1 before the 5x5, 5x5; 1x1 after the pooling.
MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
}


class Inception(nn.Module):
    """Four parallel branches: 1x1; 1x1, 3x3; 1x1, 5x5; max pooling 3x3, 1x1. ReLU after each.

    Source: Szegedy et al. 2015 (GoogLeNet), figure 2b.
    """

    def __init__(self, channels: int, filters: tuple[int, int, int, int, int, int]):
        """
        Args:
            channels: of the input.
            filters: as in ``MODULES``.
        """
        super().__init__()
        single, before_three, three, before_five, five, pooled = filters
        self.single = nn.Conv2d(channels, single, 1)
        self.before_three = nn.Conv2d(channels, before_three, 1)
        self.three = nn.Conv2d(before_three, three, 3, padding=1)
        self.before_five = nn.Conv2d(channels, before_five, 1)
        self.five = nn.Conv2d(before_five, five, 5, padding=2)
        self.pooled = nn.Conv2d(channels, pooled, 1)
        self.filters = single + three + five + pooled

    def forward(self, maps: Tensor) -> Tensor:
        """(B, channels, H, W) to (B, filters, H, W)."""
        ways = (
            self.single(maps),
            self.three(self.before_three(maps).relu_()),
            self.five(self.before_five(maps).relu_()),
            self.pooled(overlapping_max_pool(maps, 3, 1, padding=1)),
        )
        return torch.cat(ways, dim=1).relu_()


class Inc2016(ComparedNetwork):
    """Two convolutions, three Inception modules, layers of 4096 and 1024.

    Grey of 48 x 48; convolution of 7 x 7, stride 2, 64 (24); maximum 3/2 (12); convolution of
    3 x 3, 192; maximum (6); modules 3a, 3b; maximum (3); 4a; maximum (1); 512 to 4096, 1024, C.
    ReLU after each. 7,346,343 parameters for seven classes.

    Left open by the sources and chosen here:

    - Three modules, as in the article's figure and in Bao et al.; the abstract says four.
    - Numbers of filters and rounding up in pooling as in GoogLeNet.
    - The whole image of 48 x 48, not ten crops of 40 x 40: crops are augmentation.
    - No dropout: the article mentions none.
    - The project's alignment replaces the affine registration by 49 points.
    - Initial weights: He et al. 2015, see ``he_initialise``.
    """

    def __init__(self, classes: int, *, side: int = 48):
        """
        Args:
            classes: C.
            side: of the input, px, 31 .. 62; the last maps have one pixel.
        """
        super().__init__(PixelInput(side, 1))
        first, second = STEM
        self.first = nn.Conv2d(1, first, 7, stride=2, padding=3)
        self.second = nn.Conv2d(first, second, 3, padding=1)
        self.three_a = Inception(second, MODULES["3a"])
        self.three_b = Inception(self.three_a.filters, MODULES["3b"])
        self.four_a = Inception(self.three_b.filters, MODULES["4a"])
        self.encoder = nn.Sequential(
            nn.Linear(self.four_a.filters, WIDTHS[0]), nn.ReLU(), nn.Linear(*WIDTHS), nn.ReLU()
        )
        self.classifier = nn.Linear(WIDTHS[-1], classes)
        he_initialise(self, self.classifier)

    def maps(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) to the last maps, (B, 512, 1, 1) for an input of 48 px."""
        maps = overlapping_max_pool(self.first(self.image_of(image))).relu_()
        maps = overlapping_max_pool(self.second(maps)).relu_()
        maps = overlapping_max_pool(self.three_b(self.three_a(maps)))
        return overlapping_max_pool(self.four_a(maps))

    def forward(self, image: Tensor, **_: Tensor | None) -> Tensor:
        """(B, C) logits; see ``ComparedNetwork``."""
        return self.classifier(self.encoder(self.maps(image).flatten(1)))
