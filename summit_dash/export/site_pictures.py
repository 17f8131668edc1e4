"""The choice of the pictures that a static site holds, so that a site of few classes costs little."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from precompute.contract.schema import locate_table
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore

__all__ = ["SitePictures", "remove_boxes"]

_PER_OWNER = 10
"""Number of examples of a channel that is assumed, over all classes or of one."""
_SAMPLED = 16
"""Number of pictures whose size is looked at."""


class SitePictures:
    """The choice for one run, or for some of its classes.

    Args:
        store: the run, opened with the classes of the site.
    """

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self.in_graphs = {node.channel for class_id in store.classes for node in store.graph(class_id).nodes}
        self._by_effect = {
            node.channel
            for class_id in (store.classes if store.has_graphs_by_effect else ())
            for node in store.graph_by_effect(class_id).nodes
        }

    def holds_picture(self, channel: Channel) -> bool:
        """Returns True for a channel that any class of the site uses, or that is in a graph of one by effect.

        For all channels where the run does not state that.
        """
        if channel in self.in_graphs or channel in self._by_effect or not self._store.has("activations"):
            return True
        return bool(self._store.read_counts(channel.layer)[:, channel.channel].any())

    @cached_property
    def cuts_examples(self) -> bool:
        """True where examples that are parts of images take less room by themselves than the images do."""
        images = self._store.pictures.kept_examples.images
        n_examples = _PER_OWNER * (
            len(self.in_graphs) + sum(len(self._store.graph(class_id).nodes) for class_id in self._store.classes)
        )
        bytes_of_images = min(1.0, n_examples / max(1, images.n_images)) * self._measure_images()
        return n_examples * self._measure_example() < bytes_of_images

    def _measure_images(self) -> int:
        path = locate_table(self._store.path, "example_images")
        return path.stat().st_size if path.is_file() else 0

    def _measure_example(self) -> float:
        """Returns the mean number of bytes of some examples."""
        channels = sorted(self.in_graphs)
        some = channels[:: max(1, len(channels) // _SAMPLED)]
        sizes = [
            len(picture)
            for channel in some
            if (picture := self._store.pictures.kept_examples.read_best_picture(channel))
        ]
        return sum(sizes) / max(1, len(sizes))


def remove_boxes(payload: Any) -> Any:
    """Returns a payload whose examples are pictures of their own: every `box` is None, or a list of None."""
    if isinstance(payload, list):
        return [remove_boxes(part) for part in payload]
    if not isinstance(payload, dict):
        return payload
    return {name: _clear_box(part) if name == "box" else remove_boxes(part) for name, part in payload.items()}


def _clear_box(box: Any) -> Any:
    is_column = isinstance(box, list) and all(part is None or isinstance(part, list | tuple) for part in box)
    return [None] * len(box) if is_column else None
