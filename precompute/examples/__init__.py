"""Dataset examples: choosing, cutting and storing the images that excite a channel most."""
