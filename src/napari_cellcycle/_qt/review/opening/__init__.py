"""How a review begins, and goes on: projects, images, layers, and what is kept between sessions."""
