import numpy as np

from fer3d.rowwise import versions


def test_a_library_has_the_version_that_is_installed(monkeypatch):
    assert versions.versions(["numpy"]) == {"numpy": np.__version__}
    monkeypatch.setattr(versions, "PACKAGES", {"lost": ("no-such-package", "nor-this-one")})
    assert versions.versions(["lost"]) == {"lost": ""}


def test_every_library_is_found_here():
    assert all(versions.versions(list(versions.PACKAGES)).values())
