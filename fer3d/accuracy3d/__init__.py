"""How far reconstructed faces are from true ones, and what a shading image still shows of pose
and light."""
