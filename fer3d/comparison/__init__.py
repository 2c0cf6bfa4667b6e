"""Training of the compared models, by the recipes of their articles or by the recommended one."""
