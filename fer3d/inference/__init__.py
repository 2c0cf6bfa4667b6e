"""Faces and expressions of photos and videos, with the functions of the stages."""
