"""``params.yaml`` as a whole, and the models of its sections, to be imported from one place.

Stages read only their own sections, see ``fer3d.files.sections``.
"""

from pathlib import Path
from typing import Self, TypeVar

from pydantic import model_validator

from fer3d.accuracy3d.params import Accuracy3dParams
from fer3d.alignment.params import AlignParams, AlignStageParams
from fer3d.balancing.params import BalanceParams
from fer3d.cleaning.params import DeduplicateParams
from fer3d.experiments.params import ExperimentsParams
from fer3d.files.sections import Section, Sections, load_sections
from fer3d.ingestion.params import IngestParams
from fer3d.presets.params import NetworkParams, TrainParams
from fer3d.reconstruction.params import ReconstructParams
from fer3d.relighting.params import RelightParams
from fer3d.reporting.params import ReportParams
from fer3d.splitting.params import SplitParams
from fer3d.synthesis.params import SynthesizeParams

__all__ = [
    "Accuracy3dParams",
    "AlignParams",
    "AlignStageParams",
    "BalanceParams",
    "DeduplicateParams",
    "ExperimentsParams",
    "IngestParams",
    "NetworkParams",
    "Params",
    "ReconstructParams",
    "RelightParams",
    "ReportParams",
    "SplitParams",
    "SynthesizeParams",
    "TrainParams",
    "load",
]

Part = TypeVar("Part", bound=Sections)


class Params(Section):
    """All sections of ``params.yaml``."""

    synthesize: SynthesizeParams
    ingest: IngestParams
    deduplicate: DeduplicateParams
    split: SplitParams
    align: AlignStageParams
    balance: BalanceParams
    reconstruct: ReconstructParams
    relight: RelightParams
    network: NetworkParams
    train: TrainParams
    accuracy3d: Accuracy3dParams
    report: ReportParams
    experiments: ExperimentsParams

    @model_validator(mode="after")
    def _features_are_kept_for_their_branch(self) -> Self:
        wanted = self.network.features or any("features" in b for b in self.experiments.branches)
        if wanted and not self.reconstruct.features:
            raise ValueError(
                "network.features, and branches of experiments with features, need "
                "reconstruct.features: set it to true"
            )
        return self

    @model_validator(mode="after")
    def _teachers_have_not_seen_the_test_fold(self) -> Self:
        if self.train.teachers and (self.split.folds or self.experiments.folds):
            raise ValueError(
                "train.teachers: the teachers of one fold have seen the test images of the others: "
                "leave them out, or set split.folds to null and experiments.folds to []"
            )
        return self

    def part(self, kind: type[Part]) -> Part:
        """The sections that are fields of a model."""
        return kind(**{name: getattr(self, name) for name in kind.model_fields})


def load(path: Path) -> Params:
    """Read and check all of ``params.yaml``.

    Raises:
        UserError: the file is unreadable, or a key is unknown, missing or out of range; the message
            names the key and the expected values.
    """
    return load_sections(path, Params)
