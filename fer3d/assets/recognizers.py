"""Recognizers by name: those that come with fer3d, and the user's own."""

from pathlib import Path

from fer3d import checkout
from fer3d.errors import UserError, printable
from fer3d.files.sections import read_values

OWN = "own"  # what the stage `train` wrote in the checkout that is the working directory
WEIGHTS, CARD = "model.safetensors", "README.md"  # in the folder of its recognizer


def find_recognizer(model: str | Path | None = None, folder: Path | None = None) -> Path:
    """The file of a recognizer.

    Args:
        model: ``own``, the name of a recognizer that comes with fer3d, or the path of a file. A
            ``Path`` is never taken as a name. None is ``checkout.DEFAULT``, if it is there, else
            ``own``.
        folder: one folder per recognizer that comes with fer3d; by default fer3d's own.

    Raises:
        UserError: there is no such recognizer; the message names those that there are.
    """
    folder = checkout.shipped(checkout.MODELS) if folder is None else folder
    known = recognizer_names(folder)
    if model is None:
        model = checkout.DEFAULT if checkout.DEFAULT in known else OWN
    if model == OWN:
        return _own()
    if isinstance(model, str) and model in known:
        return folder / model / WEIGHTS
    if not Path(model).is_file():
        names = ", ".join(map(repr, [*known, OWN]))
        raise UserError(
            f"no recognizer {printable(Path(model))!r}: expected {names}, or the path of a file"
        )
    return Path(model)


def read_card(recognizer: Path) -> str:
    """The card of a recognizer that comes with fer3d, Markdown; of another one "".

    Args:
        recognizer: its file, see ``find_recognizer``.
    """
    card = recognizer.with_name(CARD)
    return card.read_text(encoding="utf-8") if recognizer.name == WEIGHTS and card.is_file() else ""


def recognizer_names(folder: Path | None = None) -> list[str]:
    """Names of the recognizers that come with fer3d, sorted; see ``find_recognizer``."""
    folder = checkout.shipped(checkout.MODELS) if folder is None else folder
    return sorted(weights.parent.name for weights in folder.glob(f"*/{WEIGHTS}"))


def described(recognizer: Path, params: Path | None = None) -> str:
    """A line that says which recognizer answers, and whether it has seen photos at all.

    Args:
        recognizer: returned by ``find_recognizer``.
        params: ``params.yaml`` of the checkout that trained ``own``; by default that of the
            working directory.
    """
    if recognizer != checkout.CHECKPOINT:
        shipped = recognizer.is_relative_to(checkout.shipped(checkout.MODELS))
        return f"recognizer: {recognizer.parent.name if shipped else printable(recognizer)}"
    source = read_values(params or checkout.PARAMS, "ingest")["ingest"]["source"]
    rendered = Path(source).is_relative_to(checkout.SYNTHETIC)
    warning = ", which are rendered: its answers for photos are not reliable" if rendered else ""
    return f"recognizer: {OWN}, trained on the faces of {source}{warning}"


def _own() -> Path:
    if not checkout.CHECKPOINT.is_file():
        raise UserError(
            f"{checkout.CHECKPOINT} is missing: run `dvc repro train` to make it, or run this in "
            "the top folder of the checkout that has it"
        )
    return checkout.CHECKPOINT
