"""One network fitted: epochs, losses, augmentations, checkpoints."""
