"""Phases along tracks: jumps, durations, smoothed predictions."""
