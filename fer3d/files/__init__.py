"""What lies on disk: atomic writes, images, the manifest, packed arrays, digests."""
