"""Proof of attribution graphs: a class's accuracy when its channels are removed, kept alone, or others are removed."""
