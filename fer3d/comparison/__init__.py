"""Training of the compared models: each by its article's recipe, or all by the recommended one."""
