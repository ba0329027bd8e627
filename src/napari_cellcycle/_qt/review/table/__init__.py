"""The table of all cells: found by typing, sorted by a click."""
