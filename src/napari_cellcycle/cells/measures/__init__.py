"""What is measured of cells: size, shape, DNA, texture, neighbours."""
