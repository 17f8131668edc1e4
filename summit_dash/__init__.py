"""The dashboard: opens a run anywhere, without torch."""
