"""Labels: the classes that they name, and the model's outputs for these classes."""
