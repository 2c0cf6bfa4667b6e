"""From photos to faces and expressions, through the functions that the stages run."""
