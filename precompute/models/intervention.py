"""Checks derived links by intervention: change one channel, and see exactly the channels change that the link says.

A link is checked step by step. Between convolutions nothing mixes channels, so a channel of a layer or of a
convolution's output changes, in what the next convolutions and the target read, its own descendants and nothing else.
A convolution changes the targets of its group. Gates, which the main path leaves out, are held at their values.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx

from precompute.models.exported import ExportedModel
from precompute.models.expressions import (
    Addition,
    Channels,
    Concatenation,
    Convolution,
    Nothing,
    Passed,
    Selection,
    Source,
    inner_of,
    parts_of,
    post_order,
)
from precompute.models.layout import Layout
from precompute.models.provenance import Link

_TOLERANCE = 1e-5
_NEXT_TO_NOTHING = 1e-3


@dataclass(frozen=True)
class InterventionReport:
    """What came of the interventions.

    Attributes:
        n_links: links checked.
        n_interventions: channels changed, one at a time.
        failures: in words, where other channels changed than derived.
    """

    n_links: int
    n_interventions: int
    failures: tuple[str, ...]


def check_links(model: ExportedModel, links: Sequence[Link], n_channels: int = 2, seed: int = 0) -> InterventionReport:
    """Intervenes on some channels of every layer and convolution of the links that can be traced.

    Args:
        model: with weights of any kind; random ones do.
        n_channels: channels changed per layer and per convolution.
        seed: of the image, the channels and the changes.
    """
    traced = [link for link in links if link.channels is not None]
    n_interventions, failures = 0, []
    generator = torch.Generator().manual_seed(seed)
    image = torch.randn(1, *model.input_size, generator=generator)
    checked: set[tuple[fx.Node, ...]] = set()
    for link in traced:
        for failure in _Check(model, link, image, generator).run(random.Random(seed), n_channels, checked):
            n_interventions += 1
            if failure:
                failures.append(f"{link.target.name}: {failure}")
    return InterventionReport(len(traced), n_interventions, tuple(failures))


Ancestors = list[set[tuple[int, int]]]
"""Per channel the origins (by index) and their channels that it descends from with no convolution in between."""


class _Check:
    """One link: its origins are the layers that feed it and its convolutions; what it observes is what those feed."""

    def __init__(self, model: ExportedModel, link: Link, image: Tensor, generator: torch.Generator) -> None:
        assert link.channels is not None
        self._model, self._link, self._generator = model, link, generator
        parts = parts_of(link.channels)
        self._convolutions = {part.node: part for part in parts if isinstance(part, Convolution)}
        self._origins = [*(source.node for source in link.sources), *self._convolutions]
        self._observed = list(dict.fromkeys([link.target.node, *(c.input_node for c in self._convolutions.values())]))
        self._expressions = {link.target.node: link.channels} | {
            c.input_node: c.input for c in self._convolutions.values()
        }
        # What the expressions leave out is held, lest a change go round by way of a gate.
        held = [node for node in link.gates if node not in self._origins]
        self._given = [*self._origins, *held, model.input]
        values = model.sub_graph(list(dict.fromkeys([*self._given, *self._observed])))
        with torch.no_grad():
            known = dict(zip(dict.fromkeys([*self._given, *self._observed]), values(image), strict=True))
        self._values: dict[fx.Node, Tensor] = known
        self._reach: tuple[fx.Node, list[fx.Node], torch.nn.Module] | None = None

    def run(self, chosen: random.Random, n_channels: int, checked: set[tuple[fx.Node, ...]]) -> Iterator[str]:
        """One text per intervention: what went wrong, or nothing.

        Args:
            chosen: draws the channels.
            n_channels: how many of each.
            checked: the steps that other links have in common with this one, and that were checked there.
        """
        ancestors = {node: self._ancestors(expression) for node, expression in self._expressions.items()}
        for index, origin in enumerate(self._origins):
            step = (origin, *self._reached_from(origin)[2])
            if step in checked:
                continue
            checked.add(step)
            layout = self._model.layouts[origin]
            for channel in chosen.sample(range(layout.n_channels), min(n_channels, layout.n_channels)):
                yield self._on_origin(index, channel, ancestors)
        for convolution in self._convolutions.values():
            step = (
                convolution.input_node,
                convolution.node,
                convolution.input_node,
            )  # no origin's step ends where it began
            if step not in checked:
                checked.add(step)
                yield from self._on_convolution(convolution, chosen, n_channels)

    def _on_origin(self, index: int, channel: int, ancestors: dict[fx.Node, Ancestors]) -> str:
        origin = self._origins[index]
        changed = self._changed(*self._reached_from(origin), (origin, channel))
        for node in self._observed:
            derived = {c for c, found in enumerate(ancestors[node]) if (index, channel) in found}
            if changed.get(node, set()) != derived:
                return _described(f"channel {channel} of {origin.name}", node, changed.get(node, set()), derived)
        return ""

    def _reached_from(self, origin: fx.Node) -> tuple[torch.nn.Module, list[fx.Node], list[fx.Node]]:
        """What computes the observed values that an origin reaches past no other one, and both ends of it."""
        if self._reach is None or self._reach[0] is not origin:
            reached, stack = {origin}, [origin]
            while stack:
                for user in stack.pop().users:
                    if user not in reached and user not in self._given:
                        reached.add(user)
                        stack.append(user)
            observed = [node for node in self._observed if node in reached]
            self._reach = (origin, observed, self._model.sub_graph(observed, given=self._given))
        return self._reach[2], self._given, self._reach[1]

    def _on_convolution(self, convolution: Convolution, chosen: random.Random, n_channels: int) -> Iterator[str]:
        read, layout = convolution.input_node, self._model.layouts[convolution.input_node]
        alone = self._model.sub_graph([convolution.node], given=[read, self._model.input])
        per_group = convolution.weight.shape[1]
        targets_per_group = convolution.n_channels // convolution.groups
        for channel in chosen.sample(range(layout.n_channels), min(n_channels, layout.n_channels)):
            changed = self._changed(alone, [read, self._model.input], [convolution.node], (read, channel))
            group, place = divmod(channel, per_group)
            targets = range(group * targets_per_group, (group + 1) * targets_per_group)
            strongest = convolution.weight[:, place].abs().flatten(1).amax(1)
            derived = {target for target in targets if strongest[target] > 0}
            # A weight next to nothing changes its target by less than rounding shows.
            sure = {target for target in derived if strongest[target] > _NEXT_TO_NOTHING * strongest.max()}
            if sure <= changed[convolution.node] <= derived:
                yield ""
            else:
                text = f"channel {channel} read by {convolution.node.name}"
                yield _described(text, convolution.node, changed[convolution.node], derived)

    def _changed(
        self,
        graph: torch.nn.Module,
        given: Sequence[fx.Node],
        observed: Sequence[fx.Node],
        intervention: tuple[fx.Node, int],
    ) -> dict[fx.Node, set[int]]:
        """The channels of each observed value that change with one channel, in any of a few trials."""
        node, channel = intervention
        found: dict[fx.Node, set[int]] = {one: set() for one in observed}
        if not observed:
            return found
        with torch.no_grad():
            before = graph(*(self._values[one] for one in given))
            most = 100 * max(100.0, *(_spread(value) / _spread(self._values[node]) for value in before))
            for strength in (3.0, 100.0, -100.0, most, -most):  # past thresholds, saturation and what is added up
                values = {**self._values, node: self._replaced(node, channel, strength)}
                after = graph(*(values[one] for one in given))
                for one, old, new in zip(observed, before, after, strict=True):
                    layout = self._model.layouts[one]
                    found[one] |= _different(layout, old, new)
        return found

    def _replaced(self, node: fx.Node, channel: int, strength: float) -> Tensor:
        """A value with noise in one channel, of `strength` standard deviations around as many of them."""
        value, layout = self._values[node], self._model.layouts[node]
        noise = torch.randn(layout.maps(value)[:, channel].shape, generator=self._generator)
        return layout.replaced(value, channel, _spread(value) * (strength + noise * abs(strength)))

    def _ancestors(self, channels: Channels) -> Ancestors:
        known: dict[int, Ancestors] = {}
        for expression in post_order(channels, lambda e: () if isinstance(e, Convolution) else inner_of(e)):
            known[id(expression)] = self._own(expression, known)
        return known[id(channels)]

    def _own(self, channels: Channels, known: dict[int, Ancestors]) -> Ancestors:
        match channels:
            case Source(layer):
                index = self._origins.index(layer.node)
                return [{(index, channel)} for channel in range(layer.n_channels)]
            case Convolution(node=node):
                index = self._origins.index(node)
                return [{(index, channel)} for channel in range(channels.n_channels)]
            case Nothing(n_channels):
                return [set() for _ in range(n_channels)]
            case Passed(inner):
                return known[id(inner)]
            case Selection(inner, kept):
                return [known[id(inner)][channel] for channel in kept]
            case Concatenation(parts):
                return [found for part in parts for found in known[id(part)]]
            case Addition(terms):
                columns = zip(*(known[id(term)] for term, _ in terms), strict=True)
                return [set().union(*found) for found in columns]


def _spread(value: Tensor) -> float:
    """Standard deviation of all numbers of a value, never 0."""
    return float(value.std()) + 1e-3 if value.numel() > 1 else 1.0


def _different(layout: Layout, old: Tensor, new: Tensor) -> set[int]:
    """The channels in which two values differ by more than rounding."""
    before, after = layout.maps(old)[0].flatten(1), layout.maps(new)[0].flatten(1)
    scale = torch.maximum(before.abs().amax(1), after.abs().amax(1)).clamp_min(1e-12)
    return set(((before - after).abs().amax(1) > _TOLERANCE * scale).nonzero()[:, 0].tolist())


def _described(what: str, node: fx.Node, changed: set[int], derived: set[int]) -> str:
    def listed(channels: set[int]) -> str:
        return f"{len(channels)} ({', '.join(map(str, sorted(channels)[:5]))})"

    return (
        f"{what} changes other channels of {node.name} than derived: {listed(changed - derived)} too many, "
        f"{listed(derived - changed)} too few"
    )
