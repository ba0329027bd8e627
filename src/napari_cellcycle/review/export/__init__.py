"""What leaves a project: tables, training data, label images."""
