"""Writes answers incrementally as JSON, JSON Lines and CSV; the formats: docs/predict.md."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer3d.errors import UserError, printable
from fer3d.evaluation import PROBABILITY
from fer3d.files.items import JSON_BETWEEN, JSON_HEAD, JSON_TAIL, ItemsOutput, json_item
from fer3d.inference.answers import ANGLES, Answer

BOX = ("box_x", "box_y", "box_w", "box_h")


@dataclass(frozen=True)
class DocumentLayout:
    """Common properties of the documents of a run.

    Attributes:
        all_faces: each image has a list of faces.
        video: each answer is for a frame.
        classes: classes of the recognizer.
    """

    all_faces: bool
    video: bool = False
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class EarlierDocument:
    """The content of a document of an earlier run.

    Attributes:
        images: paths as written.
        end: bytes up to the end of the last complete item.
        all_faces, classes: of its layout; None if unknown.
    """

    images: frozenset[str] = frozenset()
    end: int = 0
    all_faces: bool | None = None
    classes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Format:
    """A document format.

    Attributes:
        head: bytes before the first item.
        item: encodes an answer.
        read: parses a document.
        between, tail: see ``ItemsOutput``.
    """

    head: Callable[[DocumentLayout], bytes]
    item: Callable[[Answer, DocumentLayout], bytes]
    read: Callable[[bytes], EarlierDocument]
    between: bytes = b""
    tail: bytes = b""


def _json_item(answer: Answer, layout: DocumentLayout) -> bytes:
    return json_item(answer.as_json(all_faces=layout.all_faces))


def _line(answer: Answer, layout: DocumentLayout) -> bytes:
    text = json.dumps(answer.as_json(all_faces=layout.all_faces), ensure_ascii=False)
    return text.encode() + b"\n"


def _columns(layout: DocumentLayout) -> list[str]:
    first = ["image", *(["frame", "time_s", "track"] if layout.video else [])]
    first += ["face"] if layout.all_faces and not layout.video else []
    chances = [f"{PROBABILITY}{name}" for name in layout.classes]
    known = ["expression", *chances, "face_detected", *ANGLES, "presence", "no_face3d", *BOX]
    return [*first, *known, *([] if layout.all_faces else ["other_faces"]), "error"]


def _csv_head(layout: DocumentLayout) -> bytes:
    return (",".join(_csv_field(name) for name in _columns(layout)) + "\n").encode()


def _csv_field(text: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text])
    return line.getvalue()


def _csv_rows(answer: Answer, layout: DocumentLayout) -> bytes:
    """One row, or one row per face; also a row for an invalid file or an image without a face."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _columns(layout), extrasaction="ignore", lineterminator="\n")
    writer.writerows(_rows(answer))
    return text.getvalue().encode()


def _rows(answer: Answer) -> Iterator[dict[str, Any]]:
    about: dict[str, Any] = {
        "image": answer.image,
        "frame": answer.frame,
        "time_s": answer.time_s,
        "error": answer.problem or None,
    }
    if not answer.faces:
        yield about
    for number, face in enumerate(answer.faces, start=1):
        chances = {f"{PROBABILITY}{name}": value for name, value in face.probabilities.items()}
        box = dict(zip(BOX, face.box or (), strict=False))
        numbers = {"face": number, "other_faces": answer.other_faces}
        yield about | numbers | face.as_json() | chances | (face.rotation_deg or {}) | box


def _read_json(data: bytes) -> EarlierDocument:
    """The complete items, also of a truncated document."""
    if not data.startswith(JSON_HEAD):
        return EarlierDocument()
    text, decoder, items = data.decode(errors="replace"), json.JSONDecoder(), []
    end = len(JSON_HEAD)
    while True:
        try:
            item, end = decoder.raw_decode(text, text.index("{", end))
        except ValueError:  # no further item, or an incomplete one
            break
        items.append(item)
    return _of_items(items, len(text[:end].encode()))


def _read_lines(data: bytes) -> EarlierDocument:
    whole = data[: data.rfind(b"\n") + 1]
    return _of_items([json.loads(line) for line in whole.splitlines()], len(whole))


def _of_items(items: Sequence[Mapping[str, Any]], end: int) -> EarlierDocument:
    if not items:
        return EarlierDocument()
    known = [item for item in items if "error" not in item]
    faces = [face for item in known for face in item.get("faces", [item])]
    return EarlierDocument(
        frozenset(item["image"] for item in items),
        end,
        "faces" in known[0] if known else None,
        tuple(faces[0]["probabilities"]) if faces else None,
    )


def _read_csv(data: bytes) -> EarlierDocument:
    whole = data[: data.rfind(b"\n") + 1]
    rows = list(csv.DictReader(io.StringIO(whole.decode(), newline="")))
    if not rows:
        return EarlierDocument()
    columns = list(rows[0])
    classes = tuple(
        name.removeprefix(PROBABILITY) for name in columns if name.startswith(PROBABILITY)
    )
    all_faces = "face" in columns
    if columns != _columns(DocumentLayout(all_faces, classes=classes)):
        raise ValueError("its columns are not those of answers to photos")
    images = frozenset(row["image"] for row in rows)
    return EarlierDocument(images, len(whole), all_faces, classes)


FORMATS: Mapping[str, Format] = {  # by option
    "--json": Format(lambda _: JSON_HEAD, _json_item, _read_json, JSON_BETWEEN, JSON_TAIL),
    "--jsonl": Format(lambda _: b"", _line, _read_lines),
    "--csv": Format(_csv_head, _csv_rows, _read_csv),
}


class Documents:
    """The documents of a run, open for writing.

    Attributes:
        answered: images that are already in all documents; empty unless the run is resumed.
    """

    def __init__(
        self,
        outputs: Mapping[str, tuple[ItemsOutput, EarlierDocument]],
        layout: DocumentLayout,
    ):
        """
        Args:
            outputs: file and earlier content, by option, see ``FORMATS``.
            layout: of the answers; classes are added with them.
        """
        self._outputs, self._layout = outputs, layout
        images = [written.images for _, written in outputs.values()]
        self.answered = frozenset.intersection(*images) if images else frozenset()

    def add(self, answer: Answer, classes: tuple[str, ...]) -> None:
        """Write an answer to each document that does not have it."""
        layout = DocumentLayout(self._layout.all_faces, self._layout.video, classes)
        for option, (output, written) in self._outputs.items():
            if written.classes not in (None, classes):
                raise UserError(
                    f"--resume: the file of {option} has the classes {', '.join(written.classes)}, "
                    f"the recognizer {', '.join(classes)}: name another file"
                )
            if answer.frame is not None or answer.image not in written.images:
                form = FORMATS[option]
                output.add(form.item(answer, layout), head=form.head(layout))


@contextmanager
def documents(
    paths: Mapping[str, Path | None], layout: DocumentLayout, *, resume: bool = False
) -> Iterator[Documents]:
    """Open documents that are valid after each answer, also after an interruption.

    Args:
        paths: files by option; None if the option was not given.
        layout: of the answers.
        resume: keep the content of the files, and add missing answers.

    Raises:
        UserError: the files to resume have another layout, or are not documents of fer3d.
    """
    with ExitStack() as stack:
        outputs = {}
        for option, path in paths.items():
            if path is not None:
                written = _written(option, path, layout) if resume else EarlierDocument()
                form = FORMATS[option]
                output = ItemsOutput(path, form.between, form.tail, kept=written.end)
                outputs[option] = stack.enter_context(output), written
        yield Documents(outputs, layout)


def _written(option: str, path: Path, layout: DocumentLayout) -> EarlierDocument:
    if not path.is_file():
        return EarlierDocument()
    try:
        written = FORMATS[option].read(path.read_bytes())
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise UserError(f"--resume: {printable(path)} cannot be read ({error})") from None
    if written.all_faces not in (None, layout.all_faces):
        raise UserError(
            f"--resume: {printable(path)} was written with{'' if written.all_faces else 'out'} "
            "--all-faces: do the same, or name another file"
        )
    return written
