"""The section `align` of ``params.yaml``."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from fer3d.files.sections import Fraction, Section


class AlignParams(BaseModel):
    """Parameters of the alignment of one image."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    detector: Literal["mtcnn", "haar"]
    size: Annotated[int, Field(ge=32, le=1024)]
    crop: Annotated[float, Field(ge=1, le=4)] | None
    padding: Annotated[float, Field(ge=0, le=1)]
    min_face: Annotated[int, Field(ge=12)]
    thresholds: tuple[Fraction, Fraction, Fraction]


class RejectParams(Section):
    """Which images are rejected for their faces (paper A, section 5.2); None: none."""

    min_face_side: Annotated[float, Field(gt=0)] | None = None
    max_major_faces: Annotated[int, Field(ge=1)] | None = None
    major_face: Fraction = 0.5

    @property
    def active(self) -> bool:
        """Whether any image can be rejected."""
        return self.min_face_side is not None or self.max_major_faces is not None


class AlignStageParams(AlignParams, extra="forbid"):
    """The whole section: also which images are rejected, and how many faces must be found."""

    min_found_fraction: Fraction
    reject: RejectParams = RejectParams()
