"""The stories that a run's manifest holds: two classes compared step by step, on the page about the run.

A story is `{"id", "title", "class", "vs", "steps": [str]}`; `class` and `vs` are names of classes. A step is text with

- links `[carp](class)`, to the graph of `class`; `[trout](compare)`, to the comparison with `vs`; and
  `[where they part](parting)`, to the comparison at the layer from which the two part;
- placeholders `{own_channels}`, links to the channels that are in the graph of `class` and in no other one;
  `{other_channels}`, links to those that `vs` lacks and other classes have, with the number of these graphs; and
  `{parting_layer}`, the name of that layer.

A step that needs a channel or a layer that is not there is left out. Everything else is shown as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from summit_dash.graph.comparison import compare
from summit_dash.payloads.links import clean_brackets, write_link
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore

__all__ = ["build_stories"]

_MOST = 4
"""Channels that a placeholder lists at most."""
_MARK = re.compile(r"\[([^\[\]]+)\]\((class|compare|parting)\)|\{(own_channels|other_channels|parting_layer)\}")


def build_stories(store: RunStore) -> list[dict[str, Any]]:
    """Builds a section per story whose two classes are in the run; none for a run without graphs."""
    if not store.has("attribution_graph_nodes"):
        return []
    sections = []
    for story in _read_stories(store.manifest):
        classes = _find_classes(store, story)
        steps = [] if classes is None else list(_write_steps(story, _Pair(store, *classes)))
        if steps:
            sections.append({"id": story.id, "title": story.title, "blocks": [{"ol": steps}]})
    return sections


@dataclass(frozen=True)
class _Story:
    """A story as the manifest holds it."""

    id: str
    title: str
    classes: tuple[str, str]
    steps: tuple[str, ...]


class _MissingError(Exception):
    """A step needs a channel or a layer that is not there."""


@dataclass(frozen=True)
class _Pair:
    """Two classes of a run, and what the marks of a story's steps are replaced by."""

    store: RunStore
    class_id: int
    vs: int

    def replace(self, mark: re.Match[str]) -> str:
        """Returns the link or the text that replaces a mark."""
        text, target, name = mark.groups()
        if target == "class":
            return write_link(text, **{"class": self.class_id, "view": "graph"})
        if target == "compare":
            return write_link(text, **self._compared)
        if target == "parting":
            return write_link(text, **self._compared, layer=self._parting_layer)
        return clean_brackets(self._parting_layer) if name == "parting_layer" else self._list_channels(name)

    @property
    def _compared(self) -> dict[str, Any]:
        return {"class": self.class_id, "vs": self.vs, "view": "compare"}

    @cached_property
    def _parting_layer(self) -> str:
        layer = compare(self.store.graph(self.class_id), self.store.graph(self.vs)).parting_layer
        if layer is None:
            raise _MissingError
        return layer

    def _list_channels(self, name: str) -> str:
        """Lists channels that `vs` lacks, the most used first: those of no other class, or the others."""
        theirs = {node.channel for node in self.store.graph(self.vs).nodes}
        own = [node for node in self.store.graph(self.class_id).nodes if node.channel not in theirs]
        links = []
        for node in sorted(own, key=lambda node: (-node.activation_count, self._place(node.channel))):
            n_graphs = self.store.count_graphs_with(node.channel)
            if node.activation_count and (n_graphs == 1) == (name == "own_channels"):
                link = write_link(
                    node.channel.channel_id, **self._compared, layer=node.channel.layer, channel=node.channel.channel
                )
                links.append(link if n_graphs == 1 else f"{link} (in {n_graphs} graphs)")
        if not links:
            raise _MissingError
        return ", ".join(links[:_MOST])

    def _place(self, channel: Channel) -> tuple[int, int]:
        return self.store.layer_names.index(channel.layer), channel.channel


def _read_stories(manifest: Mapping[str, Any]) -> Iterator[_Story]:
    """Yields the stories of a manifest; skips what has not their form, since any program may have written it."""
    found = manifest.get("stories")
    for given in found if isinstance(found, list) else []:
        if not isinstance(given, dict):
            continue
        fields = [text for key in ("id", "title", "class", "vs") if isinstance(text := given.get(key), str)]
        steps = given.get("steps")
        if len(fields) == 4 and isinstance(steps, list):
            id_, title, first, second = fields
            yield _Story(id_, title, (first, second), tuple(step for step in steps if isinstance(step, str)))


def _find_classes(store: RunStore, story: _Story) -> tuple[int, int] | None:
    ids = {info.class_name: info.class_id for info in store.classes.values()}
    first, second = (ids.get(name) for name in story.classes)
    return None if first is None or second is None or first == second else (first, second)


def _write_steps(story: _Story, pair: _Pair) -> Iterator[str]:
    for step in story.steps:
        try:
            yield " ".join(_write_step(step, pair).split())
        except _MissingError:
            continue


def _write_step(step: str, pair: _Pair) -> str:
    """Replaces the marks of a step. Brackets between them become round ones, so that they make no other link."""
    parts: list[str] = []
    end = 0
    for mark in _MARK.finditer(step):
        parts += [clean_brackets(step[end : mark.start()]), pair.replace(mark)]
        end = mark.end()
    return "".join([*parts, clean_brackets(step[end:])])
