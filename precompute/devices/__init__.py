"""The processors that compute: cores, and the precision of their arithmetic."""
