"""The default data set: rendered faces with labels and full ground truth.

    model = load_model(assets)
    rendered = render(model, FaceSpec(identity, action_units, Pose(yaw=30.0)))

``render`` depends on its arguments alone; the ``sample_*`` functions draw them from a generator;
``synthesize`` writes the whole data set.

Frames: the face frame is the reference face's (cm; x to the subject's left, y up, z out of the
face). The viewer's frame is the same turned by the head's pose, so that x points to the image's
right, y up and z to the camera. The image frame is in pixels, x right, y down, z into the scene.
"""

from fer3d.synthetic.action_units import ACTION_UNITS
from fer3d.synthetic.draw import (
    PROTOTYPES,
    Degradation,
    sample_action_units,
    sample_appearance,
    sample_camera,
    sample_degradation,
    sample_identity,
    sample_light,
    sample_pose,
    sample_spec,
)
from fer3d.synthetic.generate import degrade, plan, synthesize
from fer3d.synthetic.identity import IDENTITY_MODES
from fer3d.synthetic.model import FaceModel, load_model
from fer3d.synthetic.pose import Pose, rotation
from fer3d.synthetic.render import render
from fer3d.synthetic.spec import Appearance, Camera, FaceSpec, Light, Rendered, Truth

__all__ = [
    "ACTION_UNITS",
    "IDENTITY_MODES",
    "PROTOTYPES",
    "Appearance",
    "Camera",
    "Degradation",
    "FaceModel",
    "FaceSpec",
    "Light",
    "Pose",
    "Rendered",
    "Truth",
    "degrade",
    "load_model",
    "plan",
    "render",
    "rotation",
    "sample_action_units",
    "sample_appearance",
    "sample_camera",
    "sample_degradation",
    "sample_identity",
    "sample_light",
    "sample_pose",
    "sample_spec",
    "synthesize",
]
