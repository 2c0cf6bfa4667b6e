"""Row-wise computation of a slow stage, with the object store as a cache."""
