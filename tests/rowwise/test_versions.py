import numpy as np

from fer3d.rowwise import versions


def test_a_library_has_the_version_that_is_installed(monkeypatch):
    assert versions.versions(["numpy"]) == {"numpy": np.__version__}
    monkeypatch.setattr(versions, "PACKAGES", {"lost": ("no-such-package", "nor-this-one")})
    assert versions.versions(["lost"]) == {"lost": ""}


def test_every_library_is_found_here():
    assert all(versions.versions(list(versions.PACKAGES)).values())


def test_code_that_changed_has_another_digest(tmp_path, monkeypatch):
    (tmp_path / "part").mkdir()
    for name in ("__init__.py", "part/one.py"):
        (tmp_path / name).write_text("x = 1")
    monkeypatch.setattr(versions, "__file__", str(tmp_path / "part/versions.py"))
    digest = versions.code_digest.__wrapped__
    first = digest()
    assert digest() == first
    (tmp_path / "part/one.py").write_text("x = 2")
    changed = digest()
    (tmp_path / "part/one.py").write_text("x = 1")
    (tmp_path / "part/one.py").rename(tmp_path / "part/two.py")
    assert len({first, changed, digest()}) == 3
