"""From arrays as they are stored to what the network takes."""

from collections.abc import Mapping

from torch import Tensor

PIXEL_MAX = 255


def to_inputs(batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The arguments of ``FusionNetwork.forward``, on the batch's device.

    Args:
        batch: image (B, S, S, 3) uint8 RGB, shading (B, S, S) uint8, landmarks (B, 68, 2 or 3)
            float32 in px of the image frame, reconstructed (B,) bool; more is not used.

    Returns:
        image (B, 3, S, S) and shading (B, 1, S, S) float32 in [0, 1]; landmarks and reconstructed
        as they are.
    """
    return {
        "image": batch["image"].movedim(-1, 1).float() / PIXEL_MAX,
        "shading": batch["shading"][:, None].float() / PIXEL_MAX,
        "landmarks": batch["landmarks"],
        "reconstructed": batch["reconstructed"],
    }
