"""No output overwrites files of the user."""

import subprocess
import sys
from pathlib import Path

import pytest

from fer3d.errors import UserError
from fer3d.files.outputs import (
    InputFiles,
    check_distinct,
    check_output,
    write_output,
)

PHOTO = b"\xff\xd8 a photo"


def test_an_input_is_never_written_over(tmp_path):
    photo = tmp_path / "photo.json"
    photo.write_bytes(PHOTO)
    (tmp_path / "link.json").symlink_to(photo)
    (tmp_path / "hard.json").hardlink_to(photo)
    for output in (
        photo,
        tmp_path / "link.json",
        tmp_path / "hard.json",
        tmp_path / "./photo.json",
    ):
        with pytest.raises(UserError, match="is one of the inputs"):
            check_output(output, "--json", InputFiles([photo]), force=True)


def test_no_file_of_a_data_set_is_written_over_but_answers_that_lie_there(tmp_path):
    read = InputFiles(folder=tmp_path)
    (tmp_path / "labels.csv").write_text("path,label\n")
    with pytest.raises(UserError, match="is one of the inputs"):
        check_output(tmp_path / "labels.csv", "--csv", read, force=True)
    (tmp_path / "answers.csv").write_text("image,label,problem,face,predicted,p_a\n")
    for name in ("answers.csv", "new.csv"):
        check_output(tmp_path / name, "--csv", read)


def test_a_file_of_somebody_else_is_written_over_by_force_alone(tmp_path):
    notes = tmp_path / "notes.json"
    notes.write_text('{"mine": 1}')
    with pytest.raises(UserError, match=r"fer3d did not write it.* or add --force"):
        check_output(notes, "--json", InputFiles())
    check_output(notes, "--json", InputFiles(), force=True)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        (
            "a.json",
            b'{\n  "images": [\n    {\n      "image": "a \\"b.jpg",\n      "expression": "joy"',
        ),
        ("scores.json", b'{\n  "images": 24,\n  "no_face": 1,'),
        ("a.jsonl", b'{"image": "a.jpg", "faces": [{"expression": "joy"'),
        ("a.txt", b"image,face,expression,p_joy,face_detected,pitch,yaw,roll\n"),
        ("a.ply", b"ply\nformat binary_little_endian 1.0\ncomment fer3d\n"),
        ("empty.csv", b""),
    ],
)
def test_what_fer3d_wrote_may_be_written_again(tmp_path, name, start):
    (tmp_path / name).write_bytes(start)
    check_output(tmp_path / name, "--csv", InputFiles())


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("labels.csv", b"image,label\na.jpg,happy\n"),
        ("labels.csv", b"id,image,expression\n1,a.jpg,happy\n"),
        ("coco.json", b'{\n  "images": [\n    {\n      "id": 1,'),
        ("captions.jsonl", b'{"image": "a.jpg", "caption": "a face"}\n'),
        ("faces.jsonl", b'{"image": "a.jpg", "faces": 2}\n'),
        ("photo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    ],
)
def test_lists_and_documents_of_other_programs_are_not_taken_for_answers(tmp_path, name, start):
    (tmp_path / name).write_bytes(start)
    with pytest.raises(UserError, match="fer3d did not write it"):
        check_output(
            tmp_path / name, "--json" if name != "photo.png" else "--picture", InputFiles()
        )


def test_an_option_that_took_the_name_of_an_image_says_so(tmp_path):
    for option in ("--json", "--csv"):
        with pytest.raises(UserError, match=f"{option} .*has the suffix of an image"):
            check_output(tmp_path / "face.jpg", option, InputFiles())
    with pytest.raises(UserError, match="is a folder"):
        check_output(tmp_path, "--json", InputFiles())


def test_no_two_options_name_one_file(tmp_path):
    (tmp_path / "link").symlink_to("answers")
    answers = tmp_path / "answers"
    check_distinct({"--json": answers, "--csv": tmp_path / "other", "--jsonl": None})
    check_distinct({"--json": Path("/dev/null"), "--csv": Path("/dev/null")})
    for same in (answers, tmp_path / "link"):
        with pytest.raises(UserError, match="--json and --csv name the same file"):
            check_distinct({"--json": answers, "--csv": same})


def test_links_are_written_through(tmp_path):
    target = tmp_path / "there" / "real.json"
    target.parent.mkdir()
    target.write_text("old")
    link = tmp_path / "link.json"
    link.symlink_to("there/real.json")
    write_output(link, b"new")
    assert link.is_symlink() and target.read_bytes() == b"new"
    target.unlink()
    write_output(link, b"newer")  # a link to nothing, too
    assert link.is_symlink() and target.read_bytes() == b"newer"


def test_standard_output_by_name_goes_where_printing_goes_once(tmp_path):
    script = (
        "import sys; from pathlib import Path; from fer3d.files import outputs\n"
        "path = Path(sys.argv[1])\n"
        "print('before', flush=True)\n"
        "outputs.write_output(path, b'document\\n')\n"
        "print('after')"
    )
    link = tmp_path / "stdout"
    link.symlink_to("/proc/self/fd/1")
    if not link.exists():
        pytest.skip("no /proc")
    for name in (str(link), "/dev/stdout"):
        with (tmp_path / "got").open("wb") as got:
            subprocess.run([sys.executable, "-c", script, name], stdout=got, check=True)
        assert (tmp_path / "got").read_bytes() == b"before\ndocument\nafter\n"
    assert link.is_symlink()
