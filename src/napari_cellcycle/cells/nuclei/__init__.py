"""A plain segmentation of nuclei, in planes and in volumes."""
