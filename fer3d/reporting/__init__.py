"""One HTML page about a whole run, and sheets of samples stage by stage."""
