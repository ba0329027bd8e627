"""The gallery: tiles of cells in bins, one bin a phase."""
