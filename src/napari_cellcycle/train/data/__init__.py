"""Labelled crops: read, split by group, and made into views."""
