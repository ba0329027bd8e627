"""Words of other people, and what a project gives away."""
