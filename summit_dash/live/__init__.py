"""Answers that need the model: worker processes with a queue, and the images of each visit. Never imports torch."""
