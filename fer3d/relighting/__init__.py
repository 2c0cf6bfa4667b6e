"""Shading images of frontal 3D faces: normals, Lambertian shading, rasterization."""
