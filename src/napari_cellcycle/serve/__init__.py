"""A web page on this machine: drop an image, see phases and views, take the table away."""
