"""What comes into a project: words, verdicts, tracks and whole projects of colleagues."""
