"""Faces in videos and before a camera: followed from frame to frame, and recognized."""
