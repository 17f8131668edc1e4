"""Pictures of classes: optimised in a generator's code space, and in pixels."""
