"""A rendered face and the pipeline of the default parameters."""

import numpy as np
import pytest

from fer3d import params as parameters
from fer3d import synthetic
from fer3d.inference.pipeline import Pipeline, make_pipeline


@pytest.fixture(scope="session")
def defaults(repository) -> parameters.Params:
    return parameters.load(repository / "params.yaml")


@pytest.fixture(scope="session")
def pipeline(assets_dir, defaults) -> Pipeline:
    return make_pipeline(defaults.align, defaults.reconstruct, defaults.relight, assets_dir)


@pytest.fixture(scope="session")
def rendered(assets_dir) -> synthetic.Rendered:
    """A person of their own, smiling, turned by 25 degrees."""
    rng = np.random.default_rng(5)
    spec = synthetic.FaceSpec(
        synthetic.sample_identity(rng),
        synthetic.sample_action_units(rng, "happiness"),
        synthetic.Pose(pitch=5.0, yaw=25.0, roll=-4.0),
        camera=synthetic.Camera(size=128, distance=70.0),
    )
    return synthetic.render(synthetic.load_model(assets_dir), spec)
