"""Cells whose phase does not fit what was measured of them."""
