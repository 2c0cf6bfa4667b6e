"""The typed sections of ``params.yaml``: every value that can change a result.

Units and ranges stand in the comments of ``params.yaml``; here they are enforced.
"""

import math
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from fer3d.errors import UserError

Fraction = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Section(BaseModel):
    """A section of ``params.yaml``: unknown and missing keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SynthesizeParams(Section):
    seed: Seed
    images: dict[str, Annotated[int, Field(ge=0)]]
    size: Annotated[int, Field(ge=32, le=1024)]
    max_yaw_deg: Annotated[float, Field(ge=0, le=60)]
    duplicate_fraction: Fraction
    conflicting_duplicates: Annotated[int, Field(ge=0)]


class IngestParams(Section):
    source: str
    max_pixels: Annotated[int, Field(gt=0, le=178_000_000)]  # images.MAX_PIXELS
    max_rejected_fraction: Fraction
    class_names: dict[str, str]
    classes: list[str] | None


class DeduplicateParams(Section):
    conflicts: Literal["drop_all", "keep_first", "keep_majority"]


class SplitParams(Section):
    seed: Seed
    test_fraction: Annotated[float, Field(gt=0, lt=1)]
    validation_fraction: Annotated[float, Field(gt=0, lt=1)]
    official_validation: Literal["validation", "test"]
    folds: Annotated[int, Field(ge=2)] | None
    fold: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _the_fold_is_one_of_them(self) -> Self:
        if self.folds is not None and self.fold >= self.folds:
            folds = f"{self.folds} folds are numbered 0 .. {self.folds - 1}"
            raise ValueError(f"fold: {folds}, got {self.fold}")
        return self


class AlignParams(Section):
    detector: Literal["mtcnn", "haar"]
    size: Annotated[int, Field(ge=32, le=1024)]
    crop: Annotated[float, Field(ge=1, le=4)] | None
    padding: Annotated[float, Field(ge=0, le=1)]
    min_face: Annotated[int, Field(ge=12)]
    thresholds: tuple[Fraction, Fraction, Fraction]


class ClassPolicy(Section):
    fraction: Fraction
    mode: Literal["add", "replace"]

    @model_validator(mode="after")
    def _an_image_is_replaced_once(self) -> Self:
        if self.mode == "replace" and 3 * self.fraction > 1:
            raise ValueError(
                "three noises replace three shares of a class: fraction is 1/3 at most, "
                f"got {self.fraction}"
            )
        return self


_WHOLE, _BY_CLASS = "whole policy", "policy by class"  # kinds of balance.policy, in no message


def _kind_of_policy(value: Any) -> str | None:
    if isinstance(value, dict):
        return _BY_CLASS
    return _WHOLE if value in ("auto", "none") else None


class BalanceParams(Section):
    seed: Seed
    policy: Annotated[
        Annotated[Literal["auto", "none"], Tag(_WHOLE)]
        | Annotated[dict[str, ClassPolicy], Tag(_BY_CLASS)],
        Discriminator(
            _kind_of_policy,
            custom_error_type="policy",
            custom_error_message="expected auto, none or a policy by class",
        ),
    ]


class ReconstructParams(Section):
    backend: Literal["facemesh", "prnet"]
    landmarks: Literal["dlib", "facemesh", "prnet"]
    subdivisions: Annotated[int, Field(ge=0, le=3)]
    fit: Literal["rigid", "paper"]
    visibility: Literal["raycast", "paper"]
    min_presence: Fraction

    @model_validator(mode="after")
    def _landmarks_of_another_backend_are_not_there(self) -> Self:
        if self.landmarks not in ("dlib", self.backend):
            raise ValueError(
                f"with backend {self.backend} landmarks are dlib or {self.backend}, "
                f"got {self.landmarks}"
            )
        return self


class RelightParams(Section):
    neighbours: Annotated[int, Field(ge=3, le=100)]
    light: tuple[float, float, float]
    size: Annotated[int, Field(ge=16, le=512)]

    @model_validator(mode="after")
    def _light_has_a_direction(self) -> Self:
        if not all(map(math.isfinite, self.light)) or not any(self.light):
            raise ValueError(
                f"light: expected three finite numbers, not all zero, got {list(self.light)}"
            )
        return self


class NetworkParams(Section):
    preset: Literal["recommended", "paper"]
    base: bool
    shading: bool
    landmark: bool
    dropout: Annotated[float, Field(ge=0, lt=1)] | None
    stem_stride: Literal[2, 4]
    width: Annotated[int, Field(ge=4, le=512)]
    image_channels: Literal[1, 3]

    @model_validator(mode="after")
    def _a_branch_is_on(self) -> Self:
        if not (self.base or self.shading or self.landmark):
            raise ValueError("at least one of base, shading, landmark must be true")
        return self


class TrainParams(Section):
    """What is null takes the value of ``network.preset``, but for ``max_images``."""

    seed: Seed
    max_images: Annotated[int, Field(ge=4)] | None
    epochs: Annotated[int, Field(ge=1)] | None
    patience: Annotated[int, Field(ge=1)] | None
    batch_size: Annotated[int, Field(ge=4)] | None
    accumulate: Annotated[int, Field(ge=1)]
    optimizer: Literal["adam", "adamw", "sgd"] | None
    learning_rate: Annotated[float, Field(gt=0)] | None
    schedule: Literal["constant", "cosine"] | None
    warmup: Annotated[float, Field(ge=0)] | None
    weight_decay: Annotated[float, Field(ge=0)] | None
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] | None
    augmentation: Annotated[float, Field(ge=0, le=2)] | None
    input_noise_variance: Annotated[float, Field(ge=0)] | None
    class_weights: Literal["balanced", "none"] | None
    loss: Literal["cross_entropy", "focal"]
    focal_alpha: Fraction
    focal_gamma: Annotated[float, Field(ge=0)]
    precision: Literal["float32", "bfloat16", "float16"]


class Accuracy3dParams(Section):
    people: Annotated[int, Field(ge=0, le=1000)]
    seed: Seed


class ReportParams(Section):
    samples_per_class: Annotated[int, Field(ge=1, le=20)]


class ExperimentsParams(Section):
    presets: Annotated[list[Literal["recommended", "paper"]], Field(min_length=1)]
    branches: Annotated[
        list[Literal["base", "base-landmark", "base-3d", "whole"]], Field(min_length=1)
    ]
    losses: Annotated[list[Literal["cross_entropy", "focal"]], Field(min_length=1)]
    seeds: Annotated[list[Seed], Field(min_length=1)]
    folds: list[Annotated[int, Field(ge=0)]]
    compare: Literal["raf", "oulu", "ck"]
    replicates: Annotated[int, Field(ge=100)]

    @model_validator(mode="after")
    def _each_value_once(self) -> Self:
        for name in ("presets", "branches", "losses", "seeds", "folds"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name}: a value is there twice in {values}")
        return self


class Params(Section):
    """All of ``params.yaml``."""

    synthesize: SynthesizeParams
    ingest: IngestParams
    deduplicate: DeduplicateParams
    split: SplitParams
    align: AlignParams
    balance: BalanceParams
    reconstruct: ReconstructParams
    relight: RelightParams
    network: NetworkParams
    train: TrainParams
    accuracy3d: Accuracy3dParams
    report: ReportParams
    experiments: ExperimentsParams


def load(path: Path) -> Params:
    """Read and check ``params.yaml``.

    Raises:
        UserError: unreadable, or a key that is unknown, missing or out of range; the message
            names the key and says what is expected.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is missing: run from the repository's top folder") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        raise UserError(f"{path}: " + "; ".join(map(_describe, error.errors()))) from None


def _describe(problem: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in problem["loc"] if part not in (_WHOLE, _BY_CLASS))
    if problem["type"] == "extra_forbidden":
        return f"unknown key {key!r}"
    if problem["type"] == "missing":
        return f"missing key {key!r}"
    if problem["type"] == "value_error":  # of a validator above, which says what it got
        return f"{key}: {problem['ctx']['error']}"
    expected = "expected keys with values" if problem["type"] == "model_type" else problem["msg"]
    return f"{key or 'all of it'}: {expected}, got {problem['input']!r}"
