"""Files of weights: recognising, reading and fitting them to a module."""
