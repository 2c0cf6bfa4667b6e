"""Content-addressed objects in a folder or behind a URL."""
