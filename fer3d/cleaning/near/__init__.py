"""Near copies: photos of one scene that differ in size, compression, brightness or a small shift.

Exact hashing does not find them. A near copy of a test photo in the training images is a leak.
"""
