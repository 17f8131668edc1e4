"""Sheets of a layer's pictures, in the order of its channels: out of a run and into one. Needs no torch."""
