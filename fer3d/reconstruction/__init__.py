"""3D reconstruction of an aligned face: mesh, landmarks, pose, visibility."""
