"""The channels behind the explanation of an image: which speak for a class, where, and along which influences."""
