"""The one pass over the images."""
