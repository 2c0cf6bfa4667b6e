"""Files: atomic writes, images, the manifest and its labels, packed arrays, digests."""
