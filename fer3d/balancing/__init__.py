"""Class balancing of the training images with noisy copies (paper B, section 5)."""
