"""Photos with a text, in groups, for the macro ``gallery``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """A picture with its title."""

    title: str
    url: str


@dataclass(frozen=True)
class Card:
    """A photo, or several that belong together.

    Attributes:
        title: what was answered.
        note: which photo it is.
        labels: classes by which it is found.
        kinds: kinds by which it is found.
        pictures: none if faces are not shown.
    """

    title: str
    note: str
    labels: Sequence[str]
    kinds: Sequence[str]
    pictures: Sequence[Picture]


@dataclass(frozen=True)
class CardGroup:
    """Cards below a heading."""

    title: str
    note: str
    cards: Sequence[Card]


@dataclass(frozen=True)
class Gallery:
    """Groups of cards, and the choices of the filter.

    Attributes:
        groups: none empty.
        labels: classes.
        kinds: kinds that occur.
    """

    groups: Sequence[CardGroup]
    labels: Sequence[str]
    kinds: Sequence[str]

    @classmethod
    def of(cls, groups: Iterable[CardGroup], kinds: Sequence[str]) -> "Gallery":
        """A gallery of the groups that are not empty; kinds in the given order."""
        filled = [group for group in groups if group.cards]
        cards = [card for group in filled for card in group.cards]
        found = {kind for card in cards for kind in card.kinds}
        labels = sorted({label for card in cards for label in card.labels})
        return cls(filled, labels, [kind for kind in kinds if kind in found])
