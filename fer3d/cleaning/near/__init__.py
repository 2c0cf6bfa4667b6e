"""Near copies: photos of one scene that differ in size, compression, brightness or a small shift.

Exact hashing does not see them, and a near copy of a test photo in the training images leaks.
"""
