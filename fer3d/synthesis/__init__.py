"""The default data set: faces of every class, planted copies, and their truth."""
