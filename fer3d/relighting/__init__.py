"""From a frontal 3D face to its shading image: normals, one light, a frontal picture."""
