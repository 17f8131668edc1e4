"""Files of weights: recognising them, reading them and fitting them to a module."""
