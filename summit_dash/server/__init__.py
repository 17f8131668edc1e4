"""The served dashboard: application, routes, settings."""
