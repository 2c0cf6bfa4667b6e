"""The section `split` of ``params.yaml``."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fer3d.files.sections import Section, Seed


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
            folds = f"expected 0 .. {self.folds - 1} for {self.folds} folds"
            raise ValueError(f"fold: {folds}, got {self.fold}")
        return self
