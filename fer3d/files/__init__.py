"""What lies on disk: atomic writes, images, the manifest and its labels, packed arrays, digests."""
