"""The rows of a slow stage, computed through the object store."""
