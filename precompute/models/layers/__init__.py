"""The recorded layers: their choice, order and names."""
