"""WebDataset: shards, tar archives in which files of one sample follow each other.

    train/faces-000000.tar      00001.jpg  00001.cls  00001.json
    faces-val-000000.tar        00002.png  00002.cls

The label is the text in ``.cls``, or the value ``label`` in ``.json``, or the text in ``.txt``; a
number is the line in ``classnames.txt`` beside the shards, if there is such a file. The value
``subject`` in ``.json`` is the person. Pickles are refused.
"""

import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from fer3d.datasets.archives.names import member_path
from fer3d.datasets.entries import Entry, LeftOut, split_name
from fer3d.datasets.layouts.reading import lines_of, split_folders, visible
from fer3d.errors import UserError
from fer3d.files.images import suffixes
from fer3d.files.labels import one_spelling
from fer3d.files.visible import is_visible

NAME = "webdataset"
SHARDS = (".tar", ".tar.gz", ".tgz")
CLASS_NAMES = "classnames.txt"
LABELS = (".cls", ".json", ".txt")  # the first that a sample has
LABEL, SUBJECT = "label", "subject"  # in .json
PICKLES = (".pkl", ".pickle", ".pyd", ".pth", ".pt")
UNLABELLED = "-1"
# No image is larger. What a larger member has beyond is not read, so that the decoder rejects it.
MAX_BYTES = 1 << 28

_NUMBERED = re.compile(r"\d{2,}\.(tar|tgz)\b", re.IGNORECASE)
_Member = tuple[str, str, bytes]  # sample, suffix, content


def recognises(source: Path) -> bool:
    """Whether a source is a shard, or a folder of shards, which have numbers.

    Without a number, a tar archive beside other files may be what these were unpacked from.
    """
    if source.is_file():
        return _is_shard(source)
    return any(_NUMBERED.search(path.name) for path in _shards(source))


def containers(source: Path) -> list[Path]:
    """The shards, by name, and the file of class names.

    Raises:
        UserError: there is no shard.
    """
    shards = [source] if source.is_file() else _shards(source)
    if not shards:
        raise UserError(f"{source} has no shards such as train-000000.tar")
    names = _class_names(source)
    return [*shards, names] if names.exists() else shards


def records(source: Path) -> Iterator[tuple[Entry, bytes]]:
    """Images in the order of shards and samples.

    Raises:
        UserError: a shard is broken, its labels are pickles, a sample has two images or labels,
            or a label has no name.
    """
    shards = [path for path in containers(source) if _is_shard(path)]
    names = lines_of(_class_names(source)) if _class_names(source).exists() else None
    for number, shard in enumerate(shards):
        split = _split(shard, source)
        samples = groupby(_members(shard), key=lambda member: member[0])
        for place, (sample, members) in enumerate(samples):
            files = _by_suffix(sample, members, shard)
            image = next((suffix for suffix in files if suffix in suffixes()), "")
            label, subject = _described(files, names, shard)
            path = member_path(number, shard, place, f"image{image}")
            reason = None if label else LeftOut.NO_LABEL
            yield Entry(path, label, split, subject, reason), files.get(image, b"")


def _members(shard: Path) -> Iterator[_Member]:
    """Files of a shard, one at a time."""
    try:
        with tarfile.open(shard, "r|*") as archive:
            for member in archive:
                folder, _, name = member.name.rpartition("/")
                if member.isfile() and is_visible(name):
                    stem, _, ending = name.partition(".")
                    stream = archive.extractfile(member)
                    data = stream.read(MAX_BYTES) if stream else b""
                    yield f"{folder}/{stem}", f".{ending}".lower(), data
                archive.members = []  # type: ignore[attr-defined]  # else it keeps all of them
    except (tarfile.TarError, EOFError, OSError) as error:
        raise UserError(f"{shard} is a broken archive: {error}") from None


def _by_suffix(sample: str, members: Iterator[_Member], shard: Path) -> dict[str, bytes]:
    """Contents of the files of a sample; of `.input.jpg` the suffix is `.jpg`."""
    files: dict[str, bytes] = {}
    counts: Counter[str] = Counter()
    for _, ending, data in members:
        suffix = "." + ending.rpartition(".")[2]
        counts["image" if suffix in suffixes() else suffix] += 1
        files.setdefault(suffix, data)
    for kind in ("image", *LABELS):
        if counts[kind] > 1:
            raise UserError(
                f"{shard}: sample {sample} has {counts[kind]} {kind} files, expected one; the name "
                "of a sample ends at its first dot"
            )
    if not files.keys() & set(LABELS) and (pickles := files.keys() & set(PICKLES)):
        raise UserError(
            f"{shard}: sample {sample} has its label in a pickle ({min(pickles)}), which can run "
            f"any program and is not read; expected one of {', '.join(LABELS)}"
        )
    return files


def _described(
    files: dict[str, bytes], names: list[str] | None, shard: Path
) -> tuple[str, str | None]:
    """Label, "" if there is none, and subject of a sample."""
    values = _values(files.get(".json"))
    text = next((files[suffix] for suffix in LABELS if suffix in files), b"")
    if ".cls" not in files and ".json" in files:
        text = _label_text(values.get(LABEL), shard).encode()
    label = one_spelling(text.decode("utf-8", "replace"))
    if label == UNLABELLED:
        label = ""
    elif names and label.isdecimal():
        if int(label) >= len(names):
            raise UserError(f"{shard} has the label {label}, {CLASS_NAMES} has {len(names)} names")
        label = names[int(label)]
    subject = values.get(SUBJECT)
    return label, None if subject is None else str(subject)


def _label_text(value: object, shard: Path) -> str:
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, str | int | float):
        return str(value)
    raise UserError(f"{shard} has the label {value!r}, expected one text or number for an image")


def _values(data: bytes | None) -> dict[str, Any]:
    try:
        values = json.loads(data or b"{}")
    except ValueError:  # a broken record has no label
        return {}
    return values if isinstance(values, dict) else {}


def _class_names(source: Path) -> Path:
    return (source if source.is_dir() else source.parent) / CLASS_NAMES


def _split(shard: Path, source: Path) -> str | None:
    """The split in a shard's name, between other words, or its folder's name."""
    words = re.split(r"[^A-Za-z]+", shard.name)
    if source.is_dir() and shard.parent != source:
        words.append(shard.parent.name)
    return next(filter(None, map(split_name, words)), None)


def _shards(source: Path) -> list[Path]:
    folders = (source, *split_folders(source))
    return sorted(path for folder in folders for path in visible(folder, "*") if _is_shard(path))


def _is_shard(path: Path) -> bool:
    return path.name.lower().endswith(SHARDS) and path.is_file()
