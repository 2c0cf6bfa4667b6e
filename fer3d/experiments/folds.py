"""The images of one fold of a cross validation, through the stages that a split changes."""

from pathlib import Path

from fer3d.balancing.balance import balance_dataset
from fer3d.balancing.params import BalanceParams
from fer3d.errors import UserError
from fer3d.face3d.params import ReconstructParams
from fer3d.face3d.reconstruct import reconstruct_dataset
from fer3d.files import manifest
from fer3d.files.atomic import scratch_folder
from fer3d.files.folders import Folders
from fer3d.files.packed import MANIFEST, read_manifest
from fer3d.relighting.params import RelightParams
from fer3d.relighting.relight import relight_dataset
from fer3d.sections import Sections
from fer3d.splitting.params import SplitParams
from fer3d.splitting.splits import split
from fer3d.toolbox import Toolbox


class FoldParams(Sections):
    """The sections that a fold reads."""

    split: SplitParams
    balance: BalanceParams
    reconstruct: ReconstructParams
    relight: RelightParams


def fold_folders(out: Path) -> Folders:
    """Where ``make_fold`` writes."""
    return Folders(out / "balance", out / "reconstruct", out / "relight")


def make_fold(align: Path, fold: int, out: Path, params: FoldParams, toolbox: Toolbox) -> None:
    """Give aligned images the split of a fold, and run balance, reconstruct and relight on them.

    Aligned images are the same in every fold, and so are faces and shadings of all images: they
    come out of the object store. What is computed anew is the noisy copies of images that were
    not in the training part of another fold.

    Args:
        align: packed arrays of ``align``, whatever its split.
        fold: 0 .. ``split.folds`` - 1.
        out: written, see ``fold_folders``.
        params: of the stages that run.
        toolbox: model files, workers and device.

    Raises:
        UserError: ``split.folds`` is not set, or has no such fold.
    """
    folds = params.split.folds
    if folds is None or fold >= folds:
        raise UserError(f"there is no fold {fold}: split.folds is {folds}")
    parts = fold_folders(out)
    with scratch_folder(out / "align") as scratch:  # here, where workers elsewhere see it too
        source = scratch / "align"
        resplit(align, fold, source, params)
        balance_dataset(source, parts.images, params.balance, toolbox.settings)
    reconstruct_dataset(parts.images, parts.faces, params.reconstruct, toolbox)
    relight_dataset(parts.faces, parts.shadings, params.relight, toolbox)


def resplit(align: Path, fold: int, out: Path, params: FoldParams) -> None:
    """The same aligned images with the split of a fold; the arrays are linked, not copied."""
    frame = read_manifest(align)
    chosen = params.split.model_copy(update={"fold": fold})
    frame = frame.assign(split=split(frame, chosen)[0]["split"].to_numpy())
    out.mkdir(parents=True)
    for array in align.glob("*.npy"):
        (out / array.name).symlink_to(array.resolve())
    manifest.write(frame, out / MANIFEST)
