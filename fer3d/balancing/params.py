"""The section `balance` of ``params.yaml``."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Tag, model_validator

from fer3d.files.labels import ClassName
from fer3d.files.sections import UNSAID, Fraction, Section, Seed


class ClassPolicy(Section):
    fraction: Fraction
    mode: Literal["add", "replace"]

    @model_validator(mode="after")
    def _an_image_is_replaced_once(self) -> Self:
        if self.mode == "replace" and 3 * self.fraction > 1:
            raise ValueError(
                "each of the three noises replaces this fraction: expected at most 1/3, "
                f"got {self.fraction}"
            )
        return self


_WHOLE, _BY_CLASS = f"{UNSAID}whole", f"{UNSAID}by class"  # kinds of a policy


def _kind_of_policy(value: Any) -> str | None:
    if isinstance(value, dict):
        return _BY_CLASS
    return _WHOLE if value in ("auto", "none") else None


class BalanceParams(Section):
    seed: Seed
    policy: Annotated[
        Annotated[Literal["auto", "none"], Tag(_WHOLE)]
        | Annotated[dict[ClassName, ClassPolicy], Tag(_BY_CLASS)],
        Discriminator(
            _kind_of_policy,
            custom_error_type="policy",
            custom_error_message="expected auto, none or a policy per class",
        ),
    ]
