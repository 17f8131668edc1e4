"""The files that the command `explain` writes: overlays, raw maps, figures and the report."""
