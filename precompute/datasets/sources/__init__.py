"""The kinds of image sources: the demo, folders, manifests, shards, saved datasets."""
