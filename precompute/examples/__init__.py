"""Dataset examples: the choice, the crops and the storage of the images that excite a channel most."""
