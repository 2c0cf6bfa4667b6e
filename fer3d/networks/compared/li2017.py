"""Li-2017: DLP-CNN, a plain convolutional network with a locality-preserving loss."""

from typing import cast

import torch
from torch import Tensor, nn

from fer3d.networks.compared.contract import ComparedNetwork, Criterion
from fer3d.networks.compared.operations import he_initialise
from fer3d.networks.compared.pixels import PixelInput
from fer3d.networks.layers import max_pool

FEATURES = 2000
POOL = 2  # side of the max pooling
# Filters of the convolutions between two poolings; none after the last.
STAGES = ((64,), (96,), (128, 128), (256, 256))


def locality_preserving_loss(features: Tensor, labels: Tensor, neighbours: int = 20) -> Tensor:
    """Half the mean squared distance of a feature to the mean of its neighbours in the class.

    The neighbours are the nearest ``neighbours`` images of the same class in the batch, or fewer if
    there are not enough. Images without any are left out of the mean.

    Args:
        features: (B, D) float32.
        labels: (B,) int64.
        neighbours: k.

    Returns:
        () float32; 0 if no image has a neighbour. The mean of the neighbours has no gradient.

    Source: Li, Deng and Du 2017, the loss added to the softmax loss.
    """
    fixed = features.detach()
    weights = _neighbour_weights(fixed, labels, neighbours)
    has_mates = weights.sum(dim=1) > 0
    with torch.autocast(features.device.type, enabled=False):
        means = weights @ fixed.float()
        distances = (features.float() - means).square().sum(dim=1)
    return 0.5 * (distances * has_mates).sum() / has_mates.sum().clamp_min(1)


def _neighbour_weights(features: Tensor, labels: Tensor, neighbours: int) -> Tensor:
    """(B, B) float32: row i has 1 / k_i at the k_i neighbours of image i; zeros where k_i is 0."""
    distances = torch.cdist(features.float(), features.float())
    mates = labels[:, None] == labels[None, :]
    mates = mates & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    order = distances.masked_fill(~mates, torch.inf).argsort(dim=1, stable=True)
    ranks = order.argsort(dim=1)
    chosen = (mates & (ranks < neighbours)).float()
    return chosen / chosen.sum(dim=1, keepdim=True).clamp_min(1)


class Li2017(ComparedNetwork):
    """Six convolutions of 3 x 3, 2000 features, softmax; a linear SVM on the features for
    inference.

    RGB of 100 x 100; convolutions with padding 1 and ReLU of 64 | 96 | 128, 128 | 256, 256
    filters, a maximum over 2 x 2 in between (100, 50, 25, 12); 36,864 to 2000, ReLU, to C. No
    normalization, no dropout. 74,944,743 parameters for seven classes.

    Left open by the sources and chosen here:

    - A rare class can have fewer than k + 1 images in a batch. Then the mean is over those that
      exist: dividing by k would pull features of rare classes to zero.
    - The mean of the neighbours is a constant for the gradient: otherwise the gradient of an image
      would depend on the images that have it as a neighbour.
    - The article classifies with a linear SVM on the 2000 features; ``use_svm`` sets it, before it
      the softmax answers. The softmax of the SVM's scores is not calibrated.
    - Alignment: the project's crops, the same for all models.
    - Initial weights: He et al. 2015, see ``he_initialise``.
    """

    svm_weight: Tensor
    svm_bias: Tensor

    def __init__(
        self,
        classes: int,
        *,
        side: int = 100,
        locality: float = 0.003,
        neighbours: int = 20,
    ):
        """
        Args:
            classes: C.
            side: of the input, px.
            locality: weight of the locality-preserving loss, lambda.
            neighbours: k of the locality-preserving loss.
        """
        super().__init__(PixelInput(side, 3))
        self.locality, self.neighbours = locality, neighbours
        self.has_svm = False
        layers: list[nn.Module] = []
        channels = 3
        for filters in (width for stage in STAGES for width in stage):
            layers.append(nn.Conv2d(channels, filters, 3, padding=1))
            channels = filters
        self.convolutions = nn.ModuleList(layers)
        final = side // POOL ** (len(STAGES) - 1)
        self.encoder = nn.Linear(channels * final * final, FEATURES)
        self.classifier = nn.Linear(FEATURES, classes)
        self.register_buffer("svm_weight", torch.zeros(classes, FEATURES))
        self.register_buffer("svm_bias", torch.zeros(classes))
        he_initialise(self, self.classifier)

    def features(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) to the 2000 features after ReLU, (B, 2000) float32."""
        maps, layers = self.image_of(image), iter(self.convolutions)
        for stage in STAGES:
            for number in range(len(stage)):
                maps = next(layers)(maps)
                if number == len(stage) - 1 and stage is not STAGES[-1]:
                    maps = max_pool(maps, POOL)
                maps = maps.relu_()  # of the maxima: equal, and of a quarter of the values
        return self.encoder(maps.flatten(1)).relu()

    def forward(self, image: Tensor, **_: Tensor | None) -> Tensor:
        """(B, C) logits of the softmax; see ``ComparedNetwork``."""
        return self.classifier(self.features(image))

    def objective(
        self, inputs: dict[str, Tensor], labels: Tensor, criterion: Criterion
    ) -> tuple[Tensor, Tensor]:
        """Cross entropy + lambda x locality-preserving loss; see ``ComparedNetwork.objective``."""
        features = self.features(inputs["image"])
        logits = self.classifier(features)
        local = locality_preserving_loss(features, labels, self.neighbours)
        return criterion(logits, labels) + self.locality * local, logits

    def use_svm(self, weight: Tensor, bias: Tensor) -> None:
        """Classify with a linear SVM, in ``probabilities``.

        Args:
            weight: (C, 2000) float32.
            bias: (C,) float32.
        """
        self.svm_weight.copy_(weight)
        self.svm_bias.copy_(bias)
        self.has_svm = True

    @torch.no_grad()
    def probabilities(self, **inputs: Tensor | None) -> Tensor:
        """Softmax of the scores of SVM or classifier, (B, C) float32, rows summing to 1."""
        features = self.features(cast(Tensor, inputs["image"]))
        if self.has_svm:
            scores = features @ self.svm_weight.T + self.svm_bias
        else:
            scores = self.classifier(features)
        return scores.float().softmax(dim=1)
