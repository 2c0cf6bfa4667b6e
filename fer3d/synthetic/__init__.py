"""Rendered faces with full ground truth, of which the default data set is made.

    model = load_model(assets)
    rendered = render(model, FaceSpec(identity, action_units, Pose(yaw=30.0)))

``render`` depends on its arguments alone; the ``sample_*`` functions of ``draw`` draw them from a
generator.

Frames: the face frame is the reference face's (cm; x to the subject's left, y up, z out of the
face). The viewer's frame is the same turned by the head's pose, so that x points to the image's
right, y up and z to the camera. The image frame is in pixels, x right, y down, z into the scene.
"""
