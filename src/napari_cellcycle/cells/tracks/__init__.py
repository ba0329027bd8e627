"""Tracks: phases along them, divisions, and how long phases last."""
