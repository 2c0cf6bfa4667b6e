"""Late fusion: a classifier for each branch, and one for all of them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from fer3d.networks.layers import EMBEDDING


class LateFusion(nn.Module):
    """Linear classifiers, with dropout, for the embedding of each branch and for all together.

    Each classifier has its own loss, so that no branch depends on the features of another. A face
    that was not reconstructed is classified by the base branch, if there is one: the other branches
    have no input.
    """

    def __init__(self, branches: Sequence[str], classes: int, dropout: float):
        """
        Args:
            branches: names, in the order of the embeddings.
            classes: number of expressions, C.
            dropout: probability that a unit of an embedding is dropped.
        """
        super().__init__()
        self.joint = _classifier(EMBEDDING * len(branches), classes, dropout)
        alone = branches if len(branches) > 1 else ()
        self.alone = nn.ModuleDict(
            {name: _classifier(EMBEDDING, classes, dropout) for name in alone}
        )

    def forward(self, embeddings: Tensor, reconstructed: Tensor | None = None) -> list[Tensor]:
        """
        Args:
            embeddings: (B, 128 x branches) float32, concatenated.
            reconstructed: (B,) bool, all true by default.

        Returns:
            (B, C) float32 logits of all branches together, then of each branch if there are
            several.
        """
        parts = embeddings.split(EMBEDDING, dim=1)
        alone = {
            name: classify(part)
            for (name, classify), part in zip(self.alone.items(), parts, strict=False)
        }
        joint = self.joint(embeddings)
        if reconstructed is not None and "base" in alone:
            joint = torch.where(reconstructed[:, None], joint, alone["base"])
        return [joint, *alone.values()]


def _classifier(width: int, classes: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Dropout(dropout), nn.Linear(width, classes))
