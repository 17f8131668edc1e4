"""Labelled images: their sources, their labels, and their decoding."""
