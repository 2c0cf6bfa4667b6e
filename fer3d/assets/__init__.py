"""Model files: which ones, where they come from, under which terms."""
