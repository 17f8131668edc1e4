"""Replacing channels while the model runs, which checks the links."""
