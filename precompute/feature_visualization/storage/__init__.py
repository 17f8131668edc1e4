"""Pictures on disk: parts while the work goes on, then a table."""
