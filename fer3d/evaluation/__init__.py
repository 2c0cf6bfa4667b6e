"""Evaluation of a trained recognizer: predictions, scores, tables and plots."""
