"""The HTML report of a run, and contact sheets of samples."""
