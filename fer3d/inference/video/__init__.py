"""Tracking and classification of faces in videos and camera streams."""
