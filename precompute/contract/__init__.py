"""The run on disk, without torch: schema, manifest, reading, atomic writes, the lock, validation, errors, progress."""
