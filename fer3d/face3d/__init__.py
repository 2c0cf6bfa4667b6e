"""From one aligned image to a frontal, relit face: reconstruction, pose, visibility, shading."""
