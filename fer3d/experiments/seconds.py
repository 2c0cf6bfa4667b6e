"""Table 7 of the paper: seconds per image, including preprocessing."""

from collections.abc import Sequence
from dataclasses import dataclass

from fer3d.experiments.formats import UNDEFINED, ResultTable, TableEntry
from fer3d.experiments.published import PUBLISHED_SECONDS

MS = 1000  # per second


@dataclass(frozen=True)
class Seconds:
    """Measured time of one image through a model.

    Attributes:
        title: of the model, as in the tables.
        preprocessing: s, from the photo to the network's inputs.
        network: s, from the inputs to the probabilities.
    """

    title: str
    preprocessing: float
    network: float

    @property
    def total(self) -> float:
        """Preprocessing and network, s."""
        return self.preprocessing + self.network


def seconds_table(rows: Sequence[Seconds], machine: str) -> ResultTable:
    """Table 7: time per image, with the published figures beside.

    Args:
        rows: the models, all measured in one run.
        machine: processor, threads and versions, for the caption.
    """
    return ResultTable(
        "table7",
        "Time per image",
        f"One image at a time, in the layout of table 7 of Bao et al. 2019. {machine}",
        ("Model", "preprocessing, ms", "network, ms", "total, s", "published, s"),
        [_row(row) for row in rows],
        (
            "Preprocessing: detection and alignment for all; 3D reconstruction with the 68 "
            "landmarks for the models that take landmarks or 3D; relighting for those that take "
            "the shading image. Published: as printed by Bao et al. 2019, per frame on two Titan "
            "X; only the order of their own rows can be compared.",
        ),
    )


def _row(row: Seconds) -> list[TableEntry]:
    published = PUBLISHED_SECONDS.get(row.title)
    return [
        row.title,
        f"{MS * row.preprocessing:.1f}",
        f"{MS * row.network:.1f}",
        f"{row.total:.4f}",
        UNDEFINED if published is None else f"{published:.3f}",
    ]
