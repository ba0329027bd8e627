"""New labels in the place of old ones: what becomes of the cells and of their words."""
