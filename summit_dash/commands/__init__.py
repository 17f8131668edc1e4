"""The commands, a file each: what a person may say, and nothing heavy until it is said."""
