"""Each data set's layout on a small example, and on two malformed ones."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from fer3d.datasets.layout import DATA_SETS, read_layout
from fer3d.datasets.layouts.ck_plus import CkPlusParams
from fer3d.datasets.layouts.oulu_casia import OuluCasiaParams
from fer3d.errors import UserError


def made(root: Path, files: dict[str, str | np.ndarray]) -> Path:
    """A folder with these files; images are empty, for no layout opens them."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, np.ndarray):
            np.save(path, content)
        else:
            path.write_text(content)
    return root


def rows(source: Path, name: str = "auto") -> list[tuple]:
    entries = read_layout(source, name).entries
    return [(e.path, e.label, e.split, e.subject) for e in entries if not e.left_out]


def without(files: dict, start: str) -> dict:
    return {name: content for name, content in files.items() if not name.startswith(start)}


RAF = {
    "EmoLabel/list_patition_label.txt": "train_00001.jpg 5\ntest_0001.jpg 7\n",
    "Image/aligned/train_00001_aligned.jpg": "",
    "Image/aligned/test_0001_aligned.jpg": "",
}
CK = {
    **{f"cohn-kanade-images/S005/001/S005_001_0000000{i}.png": "" for i in range(1, 6)},
    **{f"cohn-kanade-images/S010/002/S010_002_0000000{i}.png": "" for i in range(1, 4)},
    "cohn-kanade-images/S011/001/S011_001_00000001.png": "",
    "Emotion/S005/001/S005_001_00000005_emotion.txt": "   3.0000000e+00\n",
    "Emotion/S010/002/S010_002_00000003_emotion.txt": "   2.0000000e+00\n",
}
OULU = {f"OriginalImg/VL/Strong/P001/Anger/00{i}.jpeg": "" for i in range(7)} | {
    f"OriginalImg/NI/Dark/P001/Anger/00{i}.jpeg": "" for i in range(7)
}
JAFFE = {"KA.AN1.39.tiff": "", "KA.HA2.30.tiff": "", "YM.NE3.51.tiff": "", "README.txt": ""}
AFFECT_CSV = {
    "training.csv": "subDirectory_filePath,face_x,expression,valence\n"
    "1/a.jpg,0,1,0.5\n1/b.jpg,0,8,-2\n1/c.jpg,0,7,0\n",
    "validation.csv": "subDirectory_filePath,face_x,expression,valence\n"
    "2/d.jpg,0,10,-2\n2/e.jpg,0,0,0\n",
    "Manually_Annotated_Images/1/a.jpg": "",
}
AFFECT_NPY = {
    "train_set/images/0.jpg": "",
    "train_set/annotations/0_exp.npy": np.array("6"),
    "val_set/images/12.jpg": "",
    "val_set/annotations/12_exp.npy": np.array(1),
}
WILD = {
    "EXPR_Set/Train_Set/a.txt": "Neutral,Anger,Happiness\n1\n-1\n2\n",
    "EXPR_Set/Validation_Set/b.txt": "Neutral,Anger,Happiness\n0\n",
    "cropped_aligned/a/00001.jpg": "",
    "cropped_aligned/a/00002.jpg": "",
    "cropped_aligned/b/00001.jpg": "",
}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            RAF,
            [
                ("Image/aligned/train_00001_aligned.jpg", "sadness", "train", None),
                ("Image/aligned/test_0001_aligned.jpg", "neutral", "test", None),
            ],
        ),
        (
            CK,
            [
                *(
                    (
                        f"cohn-kanade-images/S005/001/S005_001_0000000{i}.png",
                        "disgust",
                        None,
                        "S005",
                    )
                    for i in (3, 4, 5)
                ),
                *(
                    (
                        f"cohn-kanade-images/S010/002/S010_002_0000000{i}.png",
                        "contempt",
                        None,
                        "S010",
                    )
                    for i in (1, 2, 3)
                ),
            ],
        ),
        (
            OULU,
            [
                (f"OriginalImg/VL/Strong/P001/Anger/00{i}.jpeg", "anger", None, "P001")
                for i in (6, 4, 2)
            ],
        ),
        (
            JAFFE,
            [
                ("KA.AN1.39.tiff", "anger", None, "KA"),
                ("KA.HA2.30.tiff", "happiness", None, "KA"),
                ("YM.NE3.51.tiff", "neutral", None, "YM"),
            ],
        ),
        (
            AFFECT_CSV,
            [
                ("Manually_Annotated_Images/1/a.jpg", "happiness", "train", None),
                ("Manually_Annotated_Images/1/c.jpg", "contempt", "train", None),
                ("Manually_Annotated_Images/2/e.jpg", "neutral", "validation", None),
            ],
        ),
        (
            AFFECT_NPY,
            [
                ("train_set/images/0.jpg", "anger", "train", None),
                ("val_set/images/12.jpg", "happiness", "validation", None),
            ],
        ),
        (
            WILD,
            [
                ("cropped_aligned/a/00001.jpg", "anger", "train", "a"),
                ("cropped_aligned/b/00001.jpg", "neutral", "validation", "b"),
            ],
        ),
    ],
    ids=["raf-db", "ck+", "oulu-casia", "jaffe", "affectnet csv", "affectnet npy", "aff-wild2"],
)
def test_a_data_set_is_read_as_it_comes(tmp_path, files, expected):
    assert rows(made(tmp_path, files)) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (CK, {"cohn-kanade-images/S011/001/S011_001_00000001.png": "no_label"}),
        (
            AFFECT_CSV | {"validation.csv": AFFECT_CSV["validation.csv"] + "2/f.jpg,0,9,-2\n"},
            {
                "Manually_Annotated_Images/1/b.jpg": "no_expression",
                "Manually_Annotated_Images/2/d.jpg": "no_face",
                "Manually_Annotated_Images/2/f.jpg": "uncertain",
            },
        ),
        (WILD, {"cropped_aligned/a/00002.jpg": "no_label"}),
        (RAF, {}),
    ],
    ids=["ck+", "affectnet", "aff-wild2", "raf-db"],
)
def test_what_has_no_label_is_left_out_with_the_reason(tmp_path, files, expected):
    entries = read_layout(made(tmp_path, files)).entries
    assert {e.path: e.left_out for e in entries if e.left_out} == expected
    assert all(bool(e.label) != bool(e.left_out) for e in entries)


def test_raf_db_may_lie_in_basic_with_original_images(tmp_path):
    files = {
        "basic/EmoLabel/list_patition_label.txt": "train_00001.jpg 1\n",
        "basic/Image/original/train_00001.jpg": "",
    }
    expected = ("basic/Image/original/train_00001.jpg", "surprise", "train", None)
    assert rows(made(tmp_path, files)) == [expected]


def test_archives_of_ck_plus_may_be_unpacked_into_folders_with_their_names(tmp_path):
    files = {
        "extended-cohn-kanade-images/cohn-kanade-images/S005/001/S005_001_00000001.png": "",
        "Emotion_labels/Emotion/S005/001/S005_001_00000001_emotion.txt": " 3.0000000e+00\n",
    }
    assert rows(made(tmp_path, files)) == [(next(iter(files)), "disgust", None, "S005")]


COMPOUND = {"compound/EmoLabel/list_patition_label.txt": "train_0001.jpg 11\n"}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (COMPOUND, r"only RAF-DB's compound expressions: the basic ones are read"),
        (
            RAF | {"EmoLabel/list_patition_label.txt": "train_00001.jpg 9"},
            r"unknown label 9; expected RAF-DB's basic expressions, 1 to 7",
        ),
        (
            RAF | {"EmoLabel/list_patition_label.txt": "train_00001.jpg"},
            r"in each line, got 'train",
        ),
        ({"EmoLabel/list_patition_label.txt": "train_1.jpg 1"}, r"aligned is missing: unpack"),
        ({"Image/original/train_1.jpg": ""}, r"EmoLabel/list_patition_label.txt is missing"),
        ({"basic/Image/aligned/a.jpg": ""}, r"basic/EmoLabel/list_patition_label.txt is missing"),
        ({"cohn-kanade-images/S005/001/a.png": ""}, r"Emotion is missing"),
        ({"Emotion/S005/001/S005_001_00000005_emotion.txt": "3"}, r"kanade-images is missing"),
        (CK | {"Emotion/S005/001/S005_001_00000005_emotion.txt": "nine"}, r"0 to 7, got 'nine'"),
        (CK | {"Emotion/S999/001/S999_001_00000001_emotion.txt": "1"}, r"S999/001 has no frames"),
        ({"OriginalImg/NI/Dark/P001/Anger/000.jpeg": ""}, r"OriginalImg/VL/Strong is missing"),
        (
            OULU | {"OriginalImg/VL/Strong/P002/Fear/000.jpeg": ""},
            r"Fear has 1 frames, expected at least 5",
        ),
        (
            OULU | {"OriginalImg/VL/Strong/P002/Bored/000.jpeg": ""},
            r"unknown expression; OULU-CASIA has",
        ),
        (JAFFE | {"someone.tiff": ""}, r"someone.tiff is not named like JAFFE's"),
        (JAFFE | {"KA.XX1.40.tiff": ""}, r"KA.XX1.40.tiff is not named"),
        (
            {"training.csv": "path\n", "Manually_Annotated_Images/1/a.jpg": ""},
            r"is missing: AffectNet has",
        ),
        (
            AFFECT_CSV | {"training.csv": "path,label\na,1\n"},
            r"training.csv is not a list of AffectNet",
        ),
        (
            AFFECT_CSV | {"training.csv": AFFECT_CSV["training.csv"] + "1/z.jpg,0,42,0\n"},
            r"got '42'",
        ),
        (AFFECT_NPY | {"val_set/images/13.jpg": ""}, r"13_exp.npy is missing"),
        ({"train_set/images/0.jpg": ""}, r"train_set/annotations is missing"),
        ({"Manually_Annotated_Images/1/a.jpg": ""}, r"training.csv is missing: AffectNet has"),
        (AFFECT_NPY | {"val_set/annotations/12_exp.npy": "no array"}, r"is not a NumPy file"),
        ({"cropped_aligned/a/00001.jpg": ""}, r"has no annotations"),
        (WILD | {"EXPR_Set/Train_Set/a.txt": "Neutral,Bored\n1\n1\n"}, r"names of expressions"),
        (
            WILD | {"EXPR_Set/Train_Set/a.txt": "Neutral,Anger\n1\n7\n"},
            r"number of 0 to 1, got '7'",
        ),
        (WILD | {"cropped_aligned/a/00009.jpg": ""}, r"00009.jpg has no line"),
        (WILD | {"EXPR_Set/Train_Set/a.txt": ""}, r"a.txt: expected the names of expressions"),
        (
            WILD | {"EXPR_Set/Train_Set/a.txt": "Neutral,Anger,Happiness\n\n1\n"},
            r"expected -1 or a number of 0 to 2, got ''",
        ),
        (without(WILD, "EXPR_Set/V"), r"no annotations such as EXPR_Set/Validation_Set/video.txt"),
        (RAF | {"EmoLabel/list_patition_label.txt": "\n"}, r"patition_label.txt is empty"),
        (
            RAF | {"EmoLabel/list_patition_label.txt": "train_00001.jpg 5\n" * 2},
            r"train_00001_aligned.jpg is listed 2 times",
        ),
        (CK | {"Emotion/S005/001/S005_001_00000005_emotion.txt": "-1"}, r"0 to 7, got '-1'"),
        (CK | {"Emotion/S005/001/S005_001_00000005_emotion.txt": "3.7"}, r"0 to 7, got '3.7'"),
        (CK | {"Emotion/S005/001/S005_001_00000005_emotion.txt": "inf"}, r"0 to 7, got 'inf'"),
        (CK | {"Emotion/S005/001/S005_001_00000005_emotion.txt": ""}, r"0 to 7, got ''"),
        (AFFECT_NPY | {"val_set/annotations/12_exp.npy": np.array(-1)}, r"0 to 10, got -1"),
        (AFFECT_NPY | {"val_set/annotations/12_exp.npy": ""}, r"12_exp.npy is not a NumPy file"),
        (AFFECT_NPY | {"val_set/annotations/12_exp.npy": "PK\3\4"}, r"is not a NumPy file"),
        (without(AFFECT_NPY, "val_set"), r"val_set/images is missing"),
        (without(AFFECT_CSV, "Manually"), r"Manually_Annotated_Images is missing"),
        (without(AFFECT_CSV, "validation"), r"validation.csv is missing"),
        (AFFECT_CSV | {"training.csv": AFFECT_CSV["training.csv"] + ",0,1,0\n"}, r"row 4 has no"),
        (AFFECT_CSV | {"training.csv": AFFECT_CSV["training.csv"] + "1/z.jpg\n"}, r"got ''"),
        (
            AFFECT_CSV | {"training.csv": AFFECT_CSV["training.csv"] + "1/a.jpg,0,1,0\n"},
            r"1/a.jpg is listed 2 times",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, files, message):
    with pytest.raises(UserError, match=message) as caught:
        rows(made(tmp_path, files))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("files", [RAF, CK, OULU, JAFFE, AFFECT_CSV, AFFECT_NPY, WILD])
def test_files_that_macos_leaves_beside_others_change_nothing(tmp_path, files):
    expected = rows(made(tmp_path, files))
    for name in files:
        path = tmp_path / name
        (path.parent / f"._{path.name}").write_bytes(b"\0\x05\x16\x07")
        (path.parent / ".DS_Store").touch()
    assert rows(tmp_path) == expected
    assert {e.path for e in read_layout(tmp_path).entries if "._" in e.path} == set()


def test_annotations_of_other_challenges_lie_beside_those_of_expressions(tmp_path):
    expected = rows(made(tmp_path / "plain", WILD))
    inner = {
        name.replace("EXPR_Set", "Annotations/EXPR_Classification_Challenge"): content
        for name, content in WILD.items()
    }
    inner["Annotations/AU_Detection_Challenge/Train_Set/a.txt"] = "AU1,AU2\n0,1\n"
    assert rows(made(tmp_path / "inner", inner)) == expected
    beside = WILD | {"VA_Set/Train_Set/a.txt": "valence,arousal\n0.1,0.2\n"}
    assert rows(made(tmp_path / "beside", beside)) == expected


def test_frames_and_light_of_sequences_are_parameters(tmp_path):
    ck = made(tmp_path / "ck", CK)
    chosen = {"ck+": CkPlusParams(last_frames=2, neutral_first=True)}
    entries = read_layout(ck, options=chosen).entries
    assert [(Path(e.path).stem[-1], e.label) for e in entries if e.label] == [
        ("1", "neutral"),
        ("4", "disgust"),
        ("5", "disgust"),
        ("1", "neutral"),
        ("2", "contempt"),
        ("3", "contempt"),
    ]
    oulu = made(tmp_path / "oulu", OULU)
    chosen = {"oulu-casia": OuluCasiaParams(camera="NI", light="Dark", frames_from_end=(7, 1, 1))}
    entries = read_layout(oulu, options=chosen).entries
    folder = "OriginalImg/NI/Dark/P001/Anger"
    assert [e.path for e in entries] == [f"{folder}/006.jpeg", f"{folder}/000.jpeg"]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (CkPlusParams, {"last_frames": 0}),
        (CkPlusParams, {"first": True}),
        (OuluCasiaParams, {"frames_from_end": []}),
        (OuluCasiaParams, {"frames_from_end": [0]}),
        (OuluCasiaParams, {"light": "Bright"}),
    ],
)
def test_wrong_frames_are_refused(kind, values):
    with pytest.raises(ValidationError, match=next(iter(values))):
        kind(**values)


def test_a_layout_may_be_named(tmp_path):
    made(tmp_path, {"anger/KA.AN1.39.tiff": "", "happiness/1.jpg": ""})
    assert [label for _, label, _, _ in rows(tmp_path)] == ["anger", "happiness"]
    with pytest.raises(UserError, match="has no list"):
        rows(tmp_path, "list")
    with pytest.raises(UserError, match="cohn-kanade-images is missing"):
        rows(tmp_path, "ck+")


def test_names_of_layouts_are_told_apart():
    names = [layout.NAME for layout in DATA_SETS]
    assert len(set(names)) == len(names)
