"""The data of one fold of a cross validation, through the stages that depend on the split."""

from pathlib import Path

from fer3d.balancing.balance import balance_dataset
from fer3d.balancing.params import BalanceParams
from fer3d.errors import UserError
from fer3d.files import manifest
from fer3d.files.atomic import scratch_folder
from fer3d.files.folders import Folders
from fer3d.files.packed import MANIFEST, read_manifest
from fer3d.files.sections import Sections
from fer3d.reconstruction.params import ReconstructParams
from fer3d.reconstruction.reconstruct import reconstruct_dataset
from fer3d.relighting.params import RelightParams
from fer3d.relighting.relight import relight_dataset
from fer3d.splitting.params import SplitParams
from fer3d.splitting.splits import split
from fer3d.toolbox import Toolbox


class FoldParams(Sections):
    """The sections of ``params.yaml`` that a fold depends on."""

    split: SplitParams
    balance: BalanceParams
    reconstruct: ReconstructParams
    relight: RelightParams


def fold_folders(out: Path) -> Folders:
    """The folders that ``make_fold`` writes."""
    return Folders(out / "balance", out / "reconstruct", out / "relight")


def make_fold(align: Path, fold: int, out: Path, params: FoldParams, toolbox: Toolbox) -> None:
    """Split aligned images by a fold, and run balance, reconstruct and relight on them.

    Aligned images, reconstructions and shading images are the same in every fold and come from the
    object store. Only noisy copies of images that were not in the training split of an earlier fold
    are computed.

    Args:
        align: packed arrays of ``align``, with any split.
        fold: 0 .. ``split.folds`` - 1.
        out: folder to write, see ``fold_folders``.
        params: parameters of these stages.
        toolbox: model files, workers and device.

    Raises:
        UserError: ``split.folds`` is not set, or has no such fold.
    """
    folds = params.split.folds
    if folds is None or fold >= folds:
        raise UserError(f"there is no fold {fold}: split.folds is {folds}")
    parts = fold_folders(out)
    with scratch_folder(out / "align") as scratch:  # where workers on other machines see it
        source = scratch / "align"
        resplit(align, fold, source, params)
        balance_dataset(source, parts.images, params.balance, toolbox.settings)
    reconstruct_dataset(parts.images, parts.faces, params.reconstruct, toolbox)
    relight_dataset(parts.faces, parts.shadings, params.relight, toolbox)


def resplit(align: Path, fold: int, out: Path, params: FoldParams) -> None:
    """The same aligned images with the split of a fold; the arrays are links, not copies."""
    frame = read_manifest(align)
    chosen = params.split.model_copy(update={"fold": fold})
    frame = frame.assign(split=split(frame, chosen)[0]["split"].to_numpy())
    out.mkdir(parents=True)
    for array in align.glob("*.npy"):
        (out / array.name).symlink_to(array.resolve())
    manifest.write(frame, out / MANIFEST)
