"""Models: where they come from, what is recorded of them, and which channel feeds which."""
