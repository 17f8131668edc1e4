"""Gradient ascent on pictures: parametrizations, objectives, optimiser, precision."""
