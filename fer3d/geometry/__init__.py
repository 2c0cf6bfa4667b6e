"""Geometry as pure functions: affine maps, frames, sampling, rays, meshes."""
