"""Renderer of faces with full ground truth, for the default data set.

    model = load_model(assets)
    rendered = render(model, FaceSpec(identity, action_units, Pose(yaw=30.0)))

The result of ``render`` depends only on its arguments; the ``sample_*`` functions of ``draw`` draw
them from a random generator.

Frames: see ``fer3d.geometry.frames``. The viewer's frame is the face frame rotated by the head's
pose, so that x points to the right of the image, y up and z to the camera.
"""
