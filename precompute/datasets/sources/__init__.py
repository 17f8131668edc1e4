"""Labelled images: folders, manifests, shards, saved datasets."""
