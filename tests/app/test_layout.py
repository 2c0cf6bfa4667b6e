"""Names on the page."""

from fer3d.app import layout
from fer3d.networks import config


def test_every_branch_of_a_network_has_a_switch() -> None:
    assert tuple(layout.BRANCHES) == config.BRANCHES
