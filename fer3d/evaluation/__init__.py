"""What a trained recognizer is worth: scores, tables, plots and the report page."""
