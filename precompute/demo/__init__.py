"""The embedded demo: scenes drawn by code, and a small network trained on them."""
