"""What the command line starts: plain functions over a run's folder, a file per command, heavy imports inside."""
