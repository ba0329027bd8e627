"""What a review shows in the viewer: phases over the segmentation, names, rings, clicks."""
