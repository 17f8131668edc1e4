"""Influence between layers: interface and registry of the measures, and the arithmetic that they share."""
