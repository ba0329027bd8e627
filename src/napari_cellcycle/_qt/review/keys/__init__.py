"""Keys: one table, bound, shown and changed."""
