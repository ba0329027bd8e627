"""Tests that share a viewer: a fixture of a package ends with it."""
