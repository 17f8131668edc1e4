"""Pictures of channels: which ones, how many, in which time."""
