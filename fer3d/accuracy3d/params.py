"""The section `accuracy3d` of ``params.yaml``."""

from typing import Annotated

from pydantic import Field

from fer3d.files.sections import Section, Seed


class Accuracy3dParams(Section):
    people: Annotated[int, Field(ge=0, le=1000)]
    seed: Seed
