"""Pictures on disk: a file for each finished batch, then a table."""
