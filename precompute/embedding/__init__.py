"""Layouts of the classes in two dimensions, a layout per layer."""
