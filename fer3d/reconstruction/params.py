"""The section `reconstruct` of ``params.yaml``."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fer3d.files.sections import Fraction, Section

MeshRuntime = Literal["litert", "torch"]


class ReconstructParams(Section):
    backend: Literal["facemesh", "prnet"]
    landmarks: Literal["dlib", "facemesh", "prnet"]
    subdivisions: Annotated[int, Field(ge=0, le=3)]
    fit: Literal["rigid", "paper"]
    visibility: Literal["raycast", "paper"]
    min_presence: Fraction
    passes: Literal[3, 5] = 5  # these defaults are for checkpoints that do not say it
    runtime: MeshRuntime = "litert"
    features: bool = False

    @model_validator(mode="after")
    def _landmarks_of_another_backend_are_not_there(self) -> Self:
        if self.landmarks not in ("dlib", self.backend):
            raise ValueError(
                f"with backend {self.backend} landmarks are dlib or {self.backend}, "
                f"got {self.landmarks}"
            )
        return self

    @model_validator(mode="after")
    def _features_are_those_of_the_face_mesh(self) -> Self:
        if self.features and self.backend != "facemesh":
            raise ValueError(f"features need backend facemesh, got {self.backend}")
        return self
