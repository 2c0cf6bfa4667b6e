"""Configuration of the network."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fer3d.errors import UserError
from fer3d.networks.ranges import Range, check_ranges

NetworkPreset = Literal["recommended", "photos", "paper"]
Dropout = Annotated[float, Range(ge=0, lt=1)]
StemStride = Literal[4, 2]
Width = Annotated[int, Range(ge=4, le=512)]
Blocks = Annotated[int, Range(ge=1, le=8)]
ImageChannels = Literal[3, 1]
CenterCrop = Annotated[float, Range(ge=0.5, le=1)]

BRANCHES = ("base", "shading", "landmark", "vertices", "features")


@dataclass(frozen=True)
class NetworkConfig:
    """Branches and hyperparameters of the recognition network; the defaults are the paper's.

    Attributes:
        preset: paper: the published layers; recommended: small ResNets for photo and shading image;
            photos: the same at full resolution, and a classifier for each branch and for all.
        base: whether there is a base branch, for the aligned image.
        shading: whether there is a shading branch, for the shading image.
        landmark: whether there is a landmark branch, for the distances between 68 landmarks.
        vertices: whether there is a branch for the vertices of the frontal face; not in the paper.
        features: whether there is a branch for the features that the mesh network has of the face;
            not in the paper.
        dropout: probability that a unit after a hidden fully connected layer is dropped.
        stem_stride: stride of the first convolution in the paper's base branch.
        width: number of filters in the first stage of a residual base branch.
        blocks: number of blocks in each of its stages.
        image_channels: 3 for RGB, 1 for grey (mean of the three).
        center_crop: side of the central square that a residual base branch sees, relative to the
            side of the aligned image.
        mirrored: whether the answer is the mean of the logits of a face and of the mirrored face,
            at twice the cost; not in the paper. Training steps see one of the two.

    Raises:
        UserError: no branch is on, or a value is out of range.
    """

    preset: NetworkPreset = "paper"
    base: bool = True
    shading: bool = True
    landmark: bool = True
    vertices: bool = False
    features: bool = False
    dropout: Dropout = 0.4
    stem_stride: StemStride = 4
    width: Width = 32
    blocks: Blocks = 1
    image_channels: ImageChannels = 3
    center_crop: CenterCrop = 1.0
    mirrored: bool = False

    def __post_init__(self) -> None:
        check_ranges("network", self)
        if problem := without_branches(*(getattr(self, name) for name in BRANCHES)):
            raise UserError(f"network: {problem}")

    @property
    def branches(self) -> tuple[str, ...]:
        """The names of the branches that are on."""
        return tuple(name for name in BRANCHES if getattr(self, name))


def without_branches(*on: bool) -> str:
    """The problem if no branch is on, else ""."""
    return "" if any(on) else f"at least one of {', '.join(BRANCHES)} must be true"
