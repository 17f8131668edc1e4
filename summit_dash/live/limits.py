"""The limits of what visitors ask of the model."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """The limits of workers and of visits. The settings of the server have the same defaults.

    Attributes:
        n_workers: processes, each with a model of its own; 0 for none.
        seconds: greatest time of one job, without the start of its process.
        n_waiting: jobs that may wait.
        patience: seconds after which a job that nobody asks about is dropped, as when its page is closed.
        n_images: images that one visit may bring.
        image_bytes: greatest size of one image's file.
        image_pixels: greatest number of pixels of one image: a small file may hold an image that fills the memory.
        n_visits: visits that are remembered; the one that was away longest is forgotten first.
        visit_seconds: time after which a visit that asks nothing is forgotten, with its images.
        visit_bytes: greatest size of the images of one visit together.
        all_bytes: memory of the images, answers and pictures of all visits. Those that were quiet longest lose their
            answers first, then everything.
        growth_bytes: memory by which a process may grow after its first answers; then a new one takes its place once
            nobody has asked for a while.
    """

    n_workers: int = 1
    seconds: float = 120
    n_waiting: int = 32
    patience: float = 20
    n_images: int = 24
    image_bytes: int = 20_000_000
    n_visits: int = 64
    visit_seconds: float = 1800
    image_pixels: int = 50_000_000
    visit_bytes: int = 64_000_000
    all_bytes: int = 256_000_000
    growth_bytes: int = 500_000_000
