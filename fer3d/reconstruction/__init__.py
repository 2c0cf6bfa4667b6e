"""From one aligned image to a frontal face in 3D: reconstruction, pose, visibility."""
