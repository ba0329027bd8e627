"""What a network sees of one cell: its voxels found, projected, resampled and scaled."""
