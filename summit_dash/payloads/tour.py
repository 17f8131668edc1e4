"""Where to begin: places of this run that are worth a look, and the two stories of the demo step by step."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlencode

import numpy as np

from summit_dash.graph.comparison import compare
from summit_dash.run.graphs import Channel
from summit_dash.run.store import ClassInfo, RunStore
from summit_dash.run.text import class_labels, of, percent

__all__ = ["build_tour"]

Section = dict[str, Any]
_DEMO_CLASSES = ("carp", "trout", "black bear", "brown bear")
_N_OWN = 4
"""Channels named in the story of the hand."""


class Pair(NamedTuple):
    """Two classes that the model treats alike, and the cosine of their activation counts at a layer."""

    a: ClassInfo
    b: ClassInfo
    cosine: float


def build_tour(store: RunStore) -> list[Section]:
    """A section of places in this run, and one per planted story where the run is the demo's."""
    places = [place for place in (_worst(store), _closest(store), _most_used(store)) if place]
    return [*([_section("tour", "Where to begin", places)] if places else []), *_stories(store)]


def _section(name: str, title: str, steps: list[str]) -> Section:
    return {"id": name, "title": title, "blocks": [{"ol": [" ".join(step.split()) for step in steps]}]}


def link(text: str, **fields: Any) -> str:
    """A link to a view, in the form that lines of this page have."""
    return f"[{text.replace('[', '(').replace(']', ')')}](?{urlencode(fields)})"


def _name(store: RunStore, info: ClassInfo) -> str:
    return " ".join(filter(None, class_labels(store.classes)[info.class_id]))


def _worst(store: RunStore) -> str | None:
    known = [info for info in store.classes.values() if info.top1_accuracy is not None]
    if not known:
        return None
    worst = min(known, key=lambda info: (info.top1_accuracy or 0.0, info.class_id))
    name = link(_name(store, worst), **{"class": worst.class_id, "view": "graph"})
    share = percent(worst.top1_accuracy)
    return f"The class that the model gets wrong most often: {name}, right in {share} of {worst.n_images:,} images."


def _closest(store: RunStore) -> str | None:
    if not store.has("activations") or len(store.classes) < 2:
        return None
    layer = store.layer_names[-1]
    pair = closest_pair(store, layer)
    fields = {"class": pair.a.class_id, "vs": pair.b.class_id, "view": "compare", "layer": layer}
    names = link(f"{_name(store, pair.a)} and {_name(store, pair.b)}", **fields)
    return f"The two classes that are most alike at the last layer: {names}, cosine {pair.cosine:.2f}."


def closest_pair(store: RunStore, layer: str) -> Pair:
    """The two different classes of greatest cosine at a layer; ties by lower ids. The run has two classes or more."""
    unit = store.unit_counts(layer)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -1.0)
    first, second = np.unravel_index(int(np.argmax(cosines)), cosines.shape)
    infos = list(store.classes.values())
    return Pair(infos[first], infos[second], float(cosines[first, second]))


def _most_used(store: RunStore) -> str | None:
    if not store.has("activations"):
        return None
    layer = store.layer_names[-1]
    n_classes = (store.counts(layer) > 0).sum(axis=0)
    at = Channel(layer, int(np.argmax(n_classes)))
    n = int(n_classes[at.channel])
    name = link(at.channel_id, view="channels", layer=layer, channel=at.channel)
    share = of(n, len(store.classes))
    return f"The channel of {layer} that most classes use: {name}, strong in images of {share} classes." if n else None


# --- the demo's stories ---------------------------------------------------------------------------------------------


def _stories(store: RunStore) -> list[Section]:
    """The two stories planted in the demo's scenes; nothing for any other run."""
    ids = {info.class_name: info.class_id for info in store.classes.values()}
    is_demo = store.manifest.get("model", {}).get("source") == "demo"
    if not is_demo or not all(name in ids for name in _DEMO_CLASSES) or not store.has("attribution_graph_nodes"):
        return []
    return [_hand(store, ids["carp"], ids["trout"]), _bears(store, ids["black bear"], ids["brown bear"])]


def _hand(store: RunStore, carp: int, trout: int) -> Section:
    compared = {"class": carp, "vs": trout, "view": "compare"}
    own = [link(at.channel_id, **compared, layer=at.layer, channel=at.channel) for at in _only_in(store, carp, trout)]
    steps = [
        f"""In nearly every scene of the {link("carp", **{"class": carp, "view": "graph"})} a hand holds the fish.
        No other class has a hand.""",
        "Open its graph and look at the examples of the channels near the output.",
        f"""Compare it with the {link("trout", **compared)}, which has the same body, colours and places: what is
        left over is what tells them apart.""",
    ]
    if own:
        steps.append(
            f"""Channels of the carp alone, the most used first: {", ".join(own)}. Their examples show white cuffs and
            hands: the network has learned to see a carp in the hand, not only the fish."""
        )
    return _section("story-hand", "A story: the hand that makes the carp", steps)


def _bears(store: RunStore, black: int, brown: int) -> Section:
    compared = {"class": black, "vs": brown, "view": "compare"}
    parting = compare(store.graph(black), store.graph(brown)).parting_layer
    steps = [
        f"Black bear and brown bear are the same drawing in two furs. {link('Compare them', **compared)}.",
        "The bars at the left tell how many channels of each layer they share: the network sees one bear at first.",
    ]
    if parting:
        steps.append(
            f"""From {parting} on fewer than half are shared: this is
            {link("where they part", **compared, layer=parting)}. Its channels in one colour react to fur of it."""
        )
    return _section("story-bears", "A story: where two bears part", steps)


def _only_in(store: RunStore, a: int, b: int) -> list[Channel]:
    """The most counted channels that are in the graph of `a` and not in that of `b`, of the last two layers."""
    theirs = {node.at for node in store.graph(b).nodes}
    late = set(store.layer_names[-2:])
    own = [node for node in store.graph(a).nodes if node.at not in theirs and node.at.layer in late]
    return [node.at for node in sorted(own, key=lambda node: (-node.activation_count, node.at))[:_N_OWN]]
