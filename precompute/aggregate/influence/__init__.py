"""The measures of influence: traced, Summit's, gradient x activation."""
