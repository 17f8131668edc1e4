"""The run on disk, without torch: tables, manifest, reading, atomic writes, locks, validation, errors, progress."""
