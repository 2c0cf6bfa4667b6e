import hashlib
import io
import os

import numpy as np
import pytest
from PIL import Image

from fer3d.errors import UserError
from fer3d.files import manifest
from fer3d.ingestion.ingest import ingest_dataset
from fer3d.ingestion.params import IngestParams
from fer3d.machine.settings import Settings

NAMES = {"angry": "anger", "happy": "happiness", "sad": "sadness"}
ONE = Settings(workers=1)


def params(**changes) -> IngestParams:
    values = {
        "source": "",
        "max_pixels": 10_000,
        "layout": "auto",
        "max_rejected_fraction": 1.0,
        "class_names": NAMES,
        "classes": None,
    }
    return IngestParams(**values | changes)


def picture(
    seed: int = 0, size: tuple[int, int] = (20, 16), kind: str = "JPEG", **options
) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def put(root, **files: bytes):
    for path, data in files.items():
        folder, _, name = path.partition("__")
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / name).write_bytes(data)
    return root


@pytest.fixture
def source(tmp_path):
    return tmp_path / "faces"


def test_a_row_holds_the_digest_and_the_upright_size(source, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    turned = picture(exif=exif)
    put(source, Happy__a=picture(1, kind="PNG"), contempt__b=turned)
    metrics = ingest_dataset(source, tmp_path / "out", params(), ONE)
    frame = manifest.read(tmp_path / "out/manifest.parquet")
    assert frame["id"].tolist() == frame["path"].tolist() == ["Happy/a", "contempt/b"]
    assert frame["label"].tolist() == ["happiness", "contempt"]
    assert frame["sha1"][1] == hashlib.sha1(turned).hexdigest()
    assert frame[["width", "height"]].values.tolist() == [[20, 16], [16, 20]]
    assert frame["split"].isna().all() and frame["subject"].isna().all()
    assert metrics == {
        "files": 2,
        "images": 2,
        "rejected": 0,
        "rejected_by_reason": {},
        "per_class": {"contempt": 1, "happiness": 1},
    }


def test_every_broken_file_is_rejected_with_its_reason(source, tmp_path):
    flipped = bytearray(picture(kind="PNG"))
    flipped[len(flipped) // 2] ^= 0xFF
    put(
        source,
        fear__bomb=picture(size=(200, 100)),
        fear__corrupt=bytes(flipped),
        fear__empty=b"",
        fear__good=picture(),
        fear__heavy=b"\0" * 1_200_000,
        fear__text=b"this is no image",
        fear__truncated=picture()[:-200],
        sad__other=picture(1),
    )
    os.mkfifo(source / "fear/pipe")
    (source / "fear/gone").symlink_to(source / "nothing")
    metrics = ingest_dataset(source, tmp_path / "out", params(), ONE)
    rejected = manifest.read(tmp_path / "out/rejected.parquet").set_index("id")
    assert rejected["reason"].to_dict() == {
        "fear/bomb": "too_large",
        "fear/corrupt": "corrupt",
        "fear/empty": "empty",
        "fear/gone": "missing",
        "fear/heavy": "too_large",
        "fear/pipe": "unreadable",
        "fear/text": "not_an_image",
        "fear/truncated": "corrupt",
    }
    assert "200 x 100 px" in rejected["detail"]["fear/bomb"]
    assert (metrics["images"], metrics["rejected"]) == (2, 8) and metrics["files"] == 10
    assert metrics["rejected_by_reason"] == {
        "corrupt": 2,
        "empty": 1,
        "missing": 1,
        "not_an_image": 1,
        "too_large": 2,
        "unreadable": 1,
    }


def test_too_many_rejected_files_are_an_error_that_names_them(source, tmp_path):
    put(source, fear__a=picture(0), fear__b=picture(1), sad__c=picture(2), fear__d=b"")
    ingest_dataset(source, tmp_path / "out", params(max_rejected_fraction=0.25), ONE)
    with pytest.raises(UserError, match=r"1 of 4 files \(25.0%\).*1 empty; such as fear/d"):
        ingest_dataset(source, tmp_path / "two", params(max_rejected_fraction=0.2), ONE)
    assert len(manifest.read(tmp_path / "two/rejected.parquet")) == 1
    assert not (tmp_path / "two/manifest.parquet").exists()


def test_no_image_at_all_is_an_error(source, tmp_path):
    put(source, fear__a=b"", sad__b=b"")
    with pytest.raises(UserError, match="2 of 2 files"):
        ingest_dataset(source, tmp_path / "out", params(), ONE)


def test_other_classes_are_left_out_and_counted_but_are_no_breakage(source, tmp_path):
    put(source, angry__a=picture(0), sad__d=picture(2), neutral__b=picture(1), neutral__c=b"")
    chosen = params(classes=["anger", "sadness"], max_rejected_fraction=0.0)
    metrics = ingest_dataset(source, tmp_path / "out", chosen, ONE)
    assert metrics["per_class"] == {"anger": 1, "sadness": 1}
    assert metrics["rejected_by_reason"] == {"other_class": 2} and metrics["files"] == 4


def test_images_without_a_label_are_counted_by_reason_and_are_no_breakage(source, tmp_path):
    put(source, Manually_Annotated_Images__a=picture(0), Manually_Annotated_Images__b=picture(1))
    rows = "".join(f"{name},{code}\n" for name, code in (("a", 1), ("b", 4), ("c", 9), ("d", 10)))
    (source / "training.csv").write_text(f"subDirectory_filePath,expression\n{rows}")
    (source / "validation.csv").write_text("subDirectory_filePath,expression\ne,9\n")
    metrics = ingest_dataset(source, tmp_path / "out", params(max_rejected_fraction=0.0), ONE)
    assert metrics["per_class"] == {"fear": 1, "happiness": 1} and metrics["files"] == 5
    assert metrics["rejected_by_reason"] == {"no_face": 1, "uncertain": 2}


def test_votes_of_a_list_are_in_the_manifest(source, tmp_path):
    put(source, x__a=picture(0), x__b=picture(1), x__c=picture(2))
    (source / "images.csv").write_text(
        "path,label,votes_sad,votes_fear\nx/a,sad,7,3\nx/b,fear,0,0\nx/c,fear,1,\n"
    )
    ingest_dataset(source, tmp_path / "out", params(), ONE)
    votes = manifest.read(tmp_path / "out/manifest.parquet")["votes"].tolist()
    assert votes == [[("fear", 3), ("sadness", 7)], None, [("fear", 0), ("sadness", 1)]]


def test_a_list_with_splits_and_subjects(source, tmp_path):
    put(source, x__a=picture(0), x__b=picture(1))
    (source / "images.csv").write_text(
        f"path,label,split,subject\nx/a,SAD,training,s1\n{source}/x/b,fear,test,s2\nx/c,sad,test,\n"
    )
    metrics = ingest_dataset(source, tmp_path / "out", params(), ONE)
    frame = manifest.read(tmp_path / "out/manifest.parquet").set_index("id")
    assert frame.loc["x/a", ["label", "split", "subject"]].tolist() == ["sadness", "train", "s1"]
    assert metrics["per_class"] == {"fear": 1, "sadness": 1}
    assert metrics["rejected_by_reason"] == {"missing": 1}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["y", "x/b"], r"2 missing; such as x/b, y\); 2 files of the list are missing: paths"),
        (["x/b"], r"1 file of the list is missing: paths are relative to .*faces; ingest"),
        ([r"x\a"], r"1 file .* relative to .*faces, and folders are separated by /, not by \\;"),
    ],
)
def test_files_of_a_list_that_are_not_there_are_said_to_be(source, tmp_path, names, message):
    put(source, x__a=picture(0))
    rows = "".join(f"{name},fear\n" for name in names)
    (source / "images.csv").write_text(f"path,label\nx/a,sad\n{rows}")
    with pytest.raises(UserError, match=message):
        ingest_dataset(source, tmp_path / "out", params(max_rejected_fraction=0.0), ONE)


def test_the_number_of_workers_does_not_change_a_byte(source, tmp_path):
    put(source, **{f"fear__{i}": picture(i) for i in range(70)}, sad__x=b"no image")
    written = []
    for workers in (1, 2):
        out = tmp_path / str(workers)
        metrics = ingest_dataset(source, out, params(), Settings(workers=workers))
        written.append([metrics, *((out / n).read_bytes() for n in sorted(os.listdir(out)))])
    assert written[0] == written[1] and len(written[0]) == 3
