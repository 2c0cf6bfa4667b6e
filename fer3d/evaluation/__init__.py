"""What a trained recognizer is worth: scores, tables and plots."""
