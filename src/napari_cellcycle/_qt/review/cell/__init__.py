"""The current cell: its views, its slices, and what was said of it."""
