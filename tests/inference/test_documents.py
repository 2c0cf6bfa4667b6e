"""Documents of answers: written, and read to resume."""

import csv
import json

import pytest

from fer3d.errors import UserError
from fer3d.inference.answers import Answer, FaceAnswer
from fer3d.inference.documents import FORMATS, DocumentLayout, documents

CLASSES = ("joy", "rage, cold")
FACE = FaceAnswer(
    "joy", {"joy": 0.75, "rage, cold": 0.25}, (1.0, 2.0, 3.0, 4.0), None, 0.9, "no_face"
)
ANSWERS = [
    Answer("a, b.jpg", (FACE, FACE), 2),
    Answer("ü.jpg", problem='empty: "0" bytes'),
    Answer("c.jpg", (FACE,), 1),
]
ALL = DocumentLayout(all_faces=True)


def write(path, option, answers, layout=ALL, **options):
    with documents({option: path, "--other": None}, layout, **options) as written:
        for answer in answers:
            if answer.image not in written.answered:
                written.add(answer, CLASSES)
    return path.read_bytes()


@pytest.mark.parametrize("option", FORMATS)
def test_a_run_that_is_resumed_writes_what_one_run_writes(option, tmp_path):
    whole = write(tmp_path / "whole", option, ANSWERS)
    for count in range(4):
        part = tmp_path / f"part{count}"
        write(part, option, ANSWERS[:count]) if count else None
        assert write(part, option, ANSWERS, resume=True) == whole


@pytest.mark.parametrize("option", FORMATS)
def test_a_document_that_a_kill_cut_short_is_completed(option, tmp_path):
    whole = write(tmp_path / "whole", option, ANSWERS)
    (tmp_path / "cut").write_bytes(whole[: whole.rindex(b"c.jpg") + 3])
    assert write(tmp_path / "cut", option, ANSWERS, resume=True) == whole


def test_the_json_document_is_indented_and_holds_every_answer(tmp_path):
    text = write(tmp_path / "a.json", "--json", ANSWERS).decode()
    images = [answer.as_json(all_faces=True) for answer in ANSWERS]
    assert text == json.dumps({"images": images}, indent=2, ensure_ascii=False) + "\n"


def test_each_face_has_a_row_and_what_has_none_one_too(tmp_path):
    write(tmp_path / "a.csv", "--csv", ANSWERS)
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["image"], row["face"]) for row in rows] == [
        ("a, b.jpg", "1"), ("a, b.jpg", "2"), ("ü.jpg", ""), ("c.jpg", "1"),
    ]  # fmt: skip
    assert rows[0]["p_rage, cold"] == "0.25" and rows[0]["box_w"] == "3.0"
    assert rows[2]["error"] == 'empty: "0" bytes'


@pytest.mark.parametrize("option", FORMATS)
def test_answers_of_another_kind_are_not_added(option, tmp_path):
    path = tmp_path / "a"
    write(path, option, ANSWERS)
    with pytest.raises(UserError, match="was written with --all-faces"):
        write(path, option, ANSWERS, DocumentLayout(all_faces=False), resume=True)
    with (
        pytest.raises(UserError, match="has the classes joy, rage, cold"),
        documents({option: path}, ALL, resume=True) as written,
    ):
        written.add(Answer("d.jpg"), ("joy", "fear"))


@pytest.mark.parametrize(
    "head",
    [
        "image,frame,time_s,track,expression,p_joy,error",  # of a video
        "image,label,problem,face,predicted,p_joy",  # of `fer3d evaluate`
    ],
)
def test_a_table_with_other_columns_is_not_continued(head, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{head}\na.jpg{',' * head.count(',')}\n")
    before = path.read_bytes()
    with pytest.raises(UserError, match="its columns are not those of answers to photos"):
        write(path, "--csv", ANSWERS, resume=True)
    assert path.read_bytes() == before


def test_a_document_that_lacks_answers_of_another_gets_them(tmp_path):
    paths = {"--jsonl": tmp_path / "a.jsonl", "--csv": tmp_path / "a.csv"}
    write(paths["--jsonl"], "--jsonl", ANSWERS[:2])
    write(paths["--csv"], "--csv", ANSWERS[:1])
    with documents(paths, ALL, resume=True) as written:
        assert written.answered == {"a, b.jpg"}
        for answer in ANSWERS[1:]:
            written.add(answer, CLASSES)
    assert paths["--jsonl"].read_bytes() == write(tmp_path / "b", "--jsonl", ANSWERS)
    assert paths["--csv"].read_bytes() == write(tmp_path / "c", "--csv", ANSWERS)
