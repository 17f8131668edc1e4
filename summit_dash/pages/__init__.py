"""One module per panel of the page."""
