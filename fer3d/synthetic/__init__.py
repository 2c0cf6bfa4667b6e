"""The default data set: rendered faces with labels and full ground truth.

    model = load_model(assets)
    rendered = render(model, FaceSpec(identity, action_units, Pose(yaw=30.0)))

``render`` depends on its arguments alone; the ``sample_*`` functions draw them from a generator;
``synthesize`` writes the whole data set.

Frames: the face frame is the reference face's (cm; x to the subject's left, y up, z out of the
face). The viewer's frame is the same turned by the head's pose, so that x points to the image's
right, y up and z to the camera. The image frame is in pixels, x right, y down, z into the scene.
"""
