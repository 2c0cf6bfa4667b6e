"""Recognizers and face finders with their model files at hand, in a checkout or elsewhere."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from fer3d import checkout
from fer3d.assets.catalogue import ASSETS
from fer3d.assets.places import assets_folder
from fer3d.files.sections import load_sections
from fer3d.inference.find_faces import FaceFinder
from fer3d.inference.pipeline import PipelineParams
from fer3d.inference.recognize import Predictor
from fer3d.machine import settings
from fer3d.reconstruction import landmarks
from fer3d.synthetic.model import ACTION_UNITS_FILE
from fer3d.toolbox import Toolbox


def ready_predictor(recognizer: Path, assets: Path | None = None) -> Predictor:
    """The recognizer of a file, with the model files of its preprocessing.

    Args:
        recognizer: its file.
        assets: folder of model files; by default see ``assets_folder``.

    Raises:
        UserError: it is not a recognizer of this version, or model files cannot be fetched.
    """
    predictor = Predictor(recognizer, _toolbox(assets or checkout.ASSETS))
    if assets is not None:
        return predictor
    return replace(predictor, toolbox=ready_toolbox(predictor.params))


def ready_finder(params: Path | None = None, assets: Path | None = None) -> FaceFinder:
    """What finds and reconstructs faces, with its model files.

    Args:
        params: file with the sections of ``PipelineParams``; by default see
            ``checkout.params_file``.
        assets: folder of model files; by default see ``assets_folder``.

    Raises:
        UserError: the parameters are invalid, or model files cannot be fetched.
    """
    values = load_sections(params or checkout.params_file(), PipelineParams)
    return _finder(values, ready_toolbox(values, assets))


@lru_cache(maxsize=1)
def _finder(params: PipelineParams, toolbox: Toolbox) -> FaceFinder:
    """Kept for the next call, with its networks."""
    return FaceFinder(params, toolbox)


def ready_toolbox(params: PipelineParams, assets: Path | None = None) -> Toolbox:
    """Settings of this machine, and the model files that the steps need.

    Args:
        params: of the steps.
        assets: folder of model files; by default see ``assets_folder``.
    """
    if assets is None:
        local = settings.load(checkout.TOP)
        assets = assets_folder(needed_assets(params), wheels=local.wheels)
    return _toolbox(assets)


def needed_assets(params: PipelineParams) -> set[str]:
    """Names of the model files that the steps need."""
    unused = {ACTION_UNITS_FILE}  # of the renderer
    if params.reconstruct.landmarks != "dlib":
        unused.add(landmarks.MODEL)
    return ASSETS.keys() - unused


def _toolbox(assets: Path) -> Toolbox:
    return Toolbox(assets, checkout.MODELS, settings.load(checkout.TOP))
