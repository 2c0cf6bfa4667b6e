"""Class balancing of the training images by noisy copies (paper B, section 5)."""
