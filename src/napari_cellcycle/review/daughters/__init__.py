"""Labels that are one dividing cell: proposed, merged and split again."""
