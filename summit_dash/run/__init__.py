"""The run as the dashboard reads it: tables, pictures, labels, suggestions."""
