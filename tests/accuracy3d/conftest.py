"""A rendered face and the pipeline of the default parameters."""

import numpy as np
import pytest

from fer3d import params as parameters
from fer3d.inference.pipeline import Pipeline, PipelineParams, make_pipeline
from fer3d.synthetic.draw import sample_action_units, sample_identity
from fer3d.synthetic.model import load_model
from fer3d.synthetic.render import render
from fer3d.synthetic.spec import Camera, FaceSpec, Pose, Rendered
from fer3d.toolbox import Toolbox


@pytest.fixture(scope="session")
def defaults(repository) -> parameters.Params:
    return parameters.load(repository / "params.yaml")


@pytest.fixture(scope="session")
def pipeline(assets_dir, defaults) -> Pipeline:
    return make_pipeline(defaults.part(PipelineParams), Toolbox(assets_dir))


@pytest.fixture(scope="session")
def rendered(assets_dir) -> Rendered:
    """Another person, smiling, rotated by 25 degrees."""
    rng = np.random.default_rng(5)
    spec = FaceSpec(
        sample_identity(rng),
        sample_action_units(rng, "happiness"),
        Pose(pitch=5.0, yaw=25.0, roll=-4.0),
        camera=Camera(size=128, distance=70.0),
    )
    return render(load_model(assets_dir), spec)
