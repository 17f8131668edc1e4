"""A run from start to end: request, stages in order, identity, resuming, report."""
