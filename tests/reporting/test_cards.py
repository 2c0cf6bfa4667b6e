"""Groups of photos."""

from fer3d.reporting.cards import Card, CardGroup, Gallery


def test_a_gallery_has_no_empty_groups_and_no_idle_choices() -> None:
    cards = [Card("", "", [label], ["wrong"], []) for label in ("joy", "fear", "joy")]
    groups = [CardGroup("mistakes", "", cards), CardGroup("failures", "", [])]
    gallery = Gallery.of(groups, ("right", "wrong"))
    assert gallery == Gallery(groups[:1], ["fear", "joy"], ["wrong"])
    assert Gallery.of([], ("right",)) == Gallery([], [], [])
