"""The quality of maps: continuity, selectivity, randomisation, and their intervals over a set of images."""
