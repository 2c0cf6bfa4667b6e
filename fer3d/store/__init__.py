"""Digests, atomic writes, content-addressed objects, and row-wise computing through them."""
