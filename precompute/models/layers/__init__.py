"""The recorded layers: choice, order and names."""
