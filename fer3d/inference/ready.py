"""Recognizers and face finders with their model files, inside or outside of a checkout.

Large packages are imported late, see ``fer3d.inference.batches``.
"""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from fer3d import checkout
from fer3d.assets.catalogue import ASSETS
from fer3d.assets.places import assets_folder, has_all
from fer3d.machine import settings
from fer3d.machine.settings import Settings
from fer3d.toolbox import Toolbox

if TYPE_CHECKING:
    from fer3d.inference.find_faces import FaceFinder
    from fer3d.inference.pipeline import PipelineParams
    from fer3d.inference.recognize import Predictor


def local_settings() -> Settings:
    """The settings of this machine; a GPU is used only on request.

    The 3D network, which needs most of the time, runs on the CPU, and the start of a GPU takes
    longer than a photo. So the results do not depend on the presence of a GPU.
    """
    local = settings.load(checkout.TOP)
    return local.model_copy(update={"device": "cpu"}) if local.device == "auto" else local


def ready_toolbox(
    recognizer: Path, assets: Path | None = None, models: Path = checkout.MODELS
) -> Toolbox:
    """Settings, and the model files for the preprocessing of a recognizer.

    Args:
        recognizer: file of the recognizer.
        assets: folder of model files; by default see ``assets_folder``.
        models: folder of models installed by the user.

    Raises:
        UserError: not a recognizer of this version, or model files cannot be downloaded.
    """
    local = local_settings()
    if assets is None and has_all(checkout.ASSETS, ASSETS):
        assets = checkout.ASSETS
    if assets is None:
        from fer3d.inference.recognize import pipeline_params
        from fer3d.training.checkpoint import read_preprocessing

        params = pipeline_params(read_preprocessing(recognizer), recognizer)
        assets = assets_folder(needed_assets(params), wheels=local.wheels)
    # networks are loaded later, and the process may move
    return Toolbox(assets.absolute(), models.absolute(), local)


def ready_predictor(recognizer: Path, assets: Path | None = None) -> "Predictor":
    """The recognizer of a file, see ``ready_toolbox``."""
    from fer3d.inference.recognize import Predictor

    return Predictor(recognizer, ready_toolbox(recognizer, assets))


def ready_finder(
    params: Path | None = None, assets: Path | None = None, models: Path = checkout.MODELS
) -> "FaceFinder":
    """A face finder with its model files.

    Args:
        params: file with the sections `align`, `reconstruct`, `relight` and `ingest`; by default
            see ``checkout.params_file``.
        assets: folder of model files; by default see ``assets_folder``.
        models: folder of models installed by the user.

    Raises:
        UserError: the parameters are invalid, or model files cannot be downloaded.
    """
    from fer3d.files.sections import load_section, load_sections
    from fer3d.inference.pipeline import PipelineParams
    from fer3d.ingestion.params import IngestParams

    file, local = params or checkout.params_file(), local_settings()
    values = load_sections(file, PipelineParams)
    max_pixels = load_section(file, "ingest", IngestParams).max_pixels
    assets = assets or assets_folder(needed_assets(values), wheels=local.wheels)
    return _finder(values, Toolbox(assets.absolute(), models.absolute(), local), max_pixels)


def needed_assets(params: "PipelineParams") -> set[str]:
    """Names of the model files that the steps of the pipeline need."""
    from fer3d.reconstruction import landmarks
    from fer3d.synthetic.model import ACTION_UNITS_FILE

    unused = {ACTION_UNITS_FILE}  # of the renderer
    if params.reconstruct.landmarks != "dlib":
        unused.add(landmarks.MODEL)
    return ASSETS.keys() - unused


@lru_cache(maxsize=1)
def _finder(params: "PipelineParams", toolbox: Toolbox, max_pixels: int) -> "FaceFinder":
    """Cached with its networks."""
    from fer3d.inference.find_faces import FaceFinder

    return FaceFinder(params, toolbox, max_pixels)
