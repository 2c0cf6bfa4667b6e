"""The branches of the network: from an input of a face to an embedding (B, 128)."""
