"""Recognizers by name: those that come with fer3d, and the user's own."""

from pathlib import Path

from fer3d import checkout
from fer3d.errors import UserError, printable

OWN = "own"  # what the stage `train` wrote in the checkout that is the working directory
WEIGHTS = (
    "model.safetensors"  # in the folder of a recognizer that comes with fer3d, beside its card
)


def find_recognizer(model: str | Path, folder: Path | None = None) -> Path:
    """The file of a recognizer.

    Args:
        model: ``own``, the name of a recognizer that comes with fer3d, or the path of a file. A
            ``Path`` is never taken as a name.
        folder: one folder per recognizer that comes with fer3d; by default fer3d's own.

    Raises:
        UserError: there is no such recognizer; the message names those that there are.
    """
    if model == OWN:
        if not checkout.CHECKPOINT.is_file():
            raise UserError(
                f"{checkout.CHECKPOINT} is missing: {OWN!r} is the recognizer that `dvc repro "
                "train` writes; run this in the top folder of that checkout"
            )
        return checkout.CHECKPOINT
    folder = checkout.shipped(checkout.MODELS) if folder is None else folder
    if isinstance(model, str) and model in names(folder):
        return folder / model / WEIGHTS
    if not Path(model).is_file():
        known = ", ".join(map(repr, [*names(folder), OWN]))
        raise UserError(
            f"no recognizer {printable(Path(model))!r}: expected {known}, or the path of a file"
        )
    return Path(model)


def names(folder: Path | None = None) -> list[str]:
    """Names of the recognizers that come with fer3d, sorted; see ``find_recognizer``."""
    folder = checkout.shipped(checkout.MODELS) if folder is None else folder
    return sorted(weights.parent.name for weights in folder.glob(f"*/{WEIGHTS}"))
