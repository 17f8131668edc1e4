"""Precompute: from a model and labelled images to a run."""
