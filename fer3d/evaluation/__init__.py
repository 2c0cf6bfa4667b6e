"""Evaluation of a trained recognizer: predictions, scores, tables and plots."""

PROBABILITY = "p_"  # prefix of the columns of probabilities, followed by the class
