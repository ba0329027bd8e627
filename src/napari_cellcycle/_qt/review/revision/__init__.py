"""Other labels and more predictions for an open review."""
