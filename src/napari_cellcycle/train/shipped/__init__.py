"""How the shipped model ``mitosis-3d`` was made."""
