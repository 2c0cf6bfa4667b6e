"""The default data set: rendered faces of every class, copies, and the ground truth."""
