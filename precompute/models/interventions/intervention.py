"""Checks derived links by intervention: change one channel, and see exactly the channels change that the link says.

A link is checked step by step. Between convolutions nothing mixes channels, so a channel of a layer or of a
convolution's output changes, in what the next convolutions and the target read, its own descendants and nothing else;
raising it moves each of them in the direction that was derived. A convolution's output changes by what the derived
weights make of the change. Gates, which the main path leaves out, are held at their values.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, fx
from torch.nn import functional

from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.layout import Layout
from precompute.models.provenance.descent import Descent, descents_of
from precompute.models.provenance.directions import Directions
from precompute.models.provenance.expressions import Convolution, parts_of
from precompute.models.provenance.links import Link

_TOLERANCE = 1e-5
_SAME_RESPONSE = 1e-3
_DIP = 0.5
"""How far SiLU and its like may fall where they count as rising: one such dip behind another has another direction."""
_OTHER_TERMS = (-100.0, 100.0)
"""By what other convolutions are multiplied where a channel does not move as derived."""
_ONE_WAY = 0.3
"""Share of all movement that must be left when what goes the one way and what goes the other are set off."""


@dataclass(frozen=True)
class InterventionReport:
    """What came of the interventions.

    Attributes:
        n_links: links checked.
        n_interventions: channels changed, one at a time.
        failures: in words, where other channels changed than derived, or otherwise.
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
    checked: set[tuple[object, ...]] = set()
    for link in traced:
        for failure in _Check(model, link, image, generator).run(random.Random(seed), n_channels, checked):
            n_interventions += 1
            if failure:
                failures.append(f"{link.target.name}: {failure}")
    return InterventionReport(len(traced), n_interventions, tuple(failures))


@dataclass
class _Changes:
    """What some channels of a value did when one channel was changed.

    Attributes:
        changed: the channels that changed in any trial.
        net: by channel, how far it moved up when the one was raised, over all trials and positions.
        total: by channel, how far it moved either way.
        widest: by channel, the greatest of these movements.
    """

    changed: set[int] = field(default_factory=set)
    net: Tensor | float = 0.0
    total: Tensor | float = 0.0
    widest: Tensor = field(default_factory=lambda: torch.zeros(()))

    def add(self, layout: Layout, low: Tensor, high: Tensor) -> None:
        """Adds what raising did."""
        moved = (layout.maps(high) - layout.maps(low))[0].flatten(1).double()
        moved = moved.where(moved.isfinite(), 0)
        self.net, self.total = self.net + moved.sum(1), self.total + moved.abs().sum(1)
        self.widest = torch.maximum(self.widest, moved.abs().amax(1))

    def join(self, other: _Changes) -> None:
        """Adds the trials of another."""
        self.changed |= other.changed
        self.net, self.total = self.net + other.net, self.total + other.total
        self.widest = torch.maximum(self.widest, other.widest)

    def against(self, derived: dict[int, int], dip: float = 0.0) -> set[int]:
        """The channels that moved otherwise than in the derived direction, and further than a `dip`."""
        if isinstance(self.net, float) or isinstance(self.total, float):
            return set()
        least, widest = self.total * _ONE_WAY, self.widest
        return {c for c, sign in derived.items() if widest[c] > dip and float(self.net[c] * sign) < float(least[c])}


class _Check:
    """One link: its origins are the layers that feed it and its convolutions; what it observes is what those feed."""

    def __init__(self, model: ExportedModel, link: Link, image: Tensor, generator: torch.Generator) -> None:
        assert link.channels is not None
        self._model, self._link, self._generator = model, link, generator
        parts = [part for part in parts_of(link.channels) if isinstance(part, Convolution)]
        self._convolutions = {part.node: [one for one in parts if one.node is part.node] for part in parts}
        self._directions = Directions(model)
        self._order = {node: index for index, node in enumerate(model.graph.nodes)}
        self._origins = [*(source.node for source in link.sources), *self._convolutions]
        self._observed = list(dict.fromkeys([link.target.node, *(part.input_node for part in parts)]))
        self._expressions = {link.target.node: link.channels} | {part.input_node: part.input for part in parts}
        # What the expressions leave out is held, lest a change go round by way of a gate.
        self._held = [node for node in link.gates if node not in self._origins]
        self._given = [*self._origins, *self._held, model.input]
        values = model.sub_graph(list(dict.fromkeys([*self._given, *self._observed])))
        with torch.no_grad():
            known = dict(zip(dict.fromkeys([*self._given, *self._observed]), values(image), strict=True))
        self._values: dict[fx.Node, Tensor] = known
        self._reach: tuple[fx.Node, list[fx.Node], torch.nn.Module] | None = None

    def run(self, chosen: random.Random, n_channels: int, checked: set[tuple[object, ...]]) -> Iterator[str]:
        """One text per intervention: what went wrong, or nothing.

        Args:
            chosen: draws the channels.
            n_channels: how many of each.
            checked: the steps that other links have in common with this one, and that were checked there.
        """
        descents = {node: descents_of(expression) for node, expression in self._expressions.items()}
        for origin in self._origins:
            step = (origin, *self._reached_from(origin)[2])
            if step in checked:
                continue
            checked.add(step)
            layout = self._model.layouts[origin]
            for channel in chosen.sample(range(layout.n_channels), min(n_channels, layout.n_channels)):
                yield self._on_origin(origin, channel, descents)
        for node, convolutions in self._convolutions.items():
            signs = (None if one.gain is None else tuple(one.gain.sign().tolist()) for one in convolutions)
            step = (convolutions[0].input_node, node, *signs)
            if step not in checked:
                checked.add(step)
                yield from self._on_convolution(convolutions, chosen, n_channels)

    def _on_origin(self, origin: fx.Node, channel: int, descents: dict[fx.Node, list[Descent]]) -> str:
        found = self._changes(self._values, (origin, channel))
        what = f"channel {channel} of {origin.name}"
        for node in self._observed:
            changes = found[node]
            signs = {c: one[origin, channel] for c, one in enumerate(descents[node]) if (origin, channel) in one}
            # Behind several ReLUs some may be shut whatever is changed; what lies nearer has shown the change.
            nearer = (one for one in self._observed if self._order[origin] < self._order[one] < self._order[node])
            is_far = any(found[one].changed for one in nearer)
            dip = _DIP if is_far else 0.0
            for factor in _OTHER_TERMS:
                if changes.against(signs, dip) or not (is_far or changes.changed >= set(signs)):
                    elsewhere = self._with_others(origin, factor)
                    changes.join(self._changes(elsewhere, (origin, channel))[node])
            missing = set() if is_far else set(signs) - changes.changed
            if missing or changes.changed - set(signs):
                return _described(what, node, changes.changed, set(signs))
            wrong = changes.against(signs, dip)
            if wrong:
                return f"raising {what} moves channels of {node.name} otherwise than derived: {_listed(wrong)}"
        return ""

    def _with_others(self, origin: fx.Node, factor: float) -> dict[fx.Node, Tensor]:
        """All values with other convolutions multiplied and gates open.

        Other terms may shut a ReLU whatever the one channel is, or hold a value where SiLU and its like dip.
        """
        others = {one: factor * self._values[one] for one in self._convolutions if one is not origin}
        signs = {gate: self._directions.sign_of(gate) or 1 for gate in self._held}
        gates = {gate: torch.full_like(self._values[gate], sign) for gate, sign in signs.items()}
        return {**self._values, **gates, **others}

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

    def _on_convolution(
        self, convolutions: Sequence[Convolution], chosen: random.Random, n_channels: int
    ) -> Iterator[str]:
        """Checks all that one convolution of the graph was derived as: several things where it is turned round."""
        node, read = convolutions[0].node, convolutions[0].input_node
        layout = self._model.layouts[read]
        alone = self._model.sub_graph([node], given=[read, self._model.input])
        image = self._values[self._model.input]
        for channel in chosen.sample(range(layout.n_channels), min(n_channels, layout.n_channels)):
            raised = self._replaced(read, channel, 100.0)
            with torch.no_grad():
                (before,), (after,) = alone(self._values[read], image), alone(raised, image)
            change = layout.maps(raised - self._values[read])
            response = self._model.layouts[node].maps(after - before)
            wrong = set().union(*(_wrong_responses(one, change, response) for one in convolutions))
            text = f"channel {channel} read by {node.name} changes channels otherwise than the derived weights"
            yield f"{text}: {_listed(wrong)}" if wrong else ""

    def _changes(
        self, known: dict[fx.Node, Tensor], intervention: tuple[fx.Node, int]
    ) -> defaultdict[fx.Node, _Changes]:
        """What each observed value does with one channel in some trials, each of which lowers and raises it."""
        node, channel = intervention
        graph, given, observed = self._reached_from(node)
        found: defaultdict[fx.Node, _Changes] = defaultdict(_Changes)
        if not observed:
            return found
        bounds = self._directions.range_of(node)

        def computed(value: Tensor) -> list[Tensor]:
            return graph(*({**known, node: value}[one] for one in given))

        with torch.no_grad():
            before = computed(known[node])
            most = 100 * max(100.0, *(_spread(value) / _spread(known[node]) for value in before))
            for strength in (3.0, 100.0, most):  # past thresholds, saturation and what is added up
                ends = [self._replaced(node, channel, sign * strength) for sign in (-1, 1)]
                results = [computed(end) for end in ends]
                for after in results:
                    for one, old, new in zip(observed, before, after, strict=True):
                        found[one].changed |= _different(self._model.layouts[one], old, new)
                # What lies out of the range of a value may well move otherwise, as before an absolute value.
                within = [end.clamp(*bounds) for end in ends]
                pairs = zip(ends, within, results, strict=True)
                low, high = (after if torch.equal(end, one) else computed(one) for end, one, after in pairs)
                for one, lower, higher in zip(observed, low, high, strict=True):
                    found[one].add(self._model.layouts[one], lower, higher)
        return found

    def _replaced(self, node: fx.Node, channel: int, strength: float) -> Tensor:
        """A value with noise in one channel, at every position beyond `strength` standard deviations."""
        value, layout = self._values[node], self._model.layouts[node]
        noise = torch.randn(layout.maps(value)[:, channel].shape, generator=self._generator)
        return layout.replaced(value, channel, _spread(value) * strength * (1 + noise.abs()))


def _wrong_responses(convolution: Convolution, change: Tensor, response: Tensor) -> set[int]:
    """The channels of a convolution that answer a change of what it reads otherwise than its derived weights do.

    Args:
        convolution: as derived.
        change: of what it reads, `(1, source, height, width)`.
        response: of what it makes, `(1, target, height, width)`.
    """
    rows, columns = convolution.overhang
    expected = functional.conv2d(
        functional.pad(change, (0, columns, 0, rows)).double(),
        convolution.weight.double(),
        None,
        convolution.stride,
        convolution.padding,
        convolution.dilation,
        convolution.groups,
    )
    if expected.shape != response.shape:
        return set(range(convolution.n_channels))
    gain = torch.ones(convolution.n_channels) if convolution.gain is None else convolution.gain
    found = response.double() * gain[:, None, None]
    # Of each target, and of all by as much as rounding shows.
    scale = torch.maximum(expected.abs().amax((0, 2, 3)), found.abs().amax((0, 2, 3)))
    least = _SAME_RESPONSE * gain.abs() * response.abs().max()
    difference = (found - expected).abs().amax((0, 2, 3))
    return set((difference > torch.maximum(_SAME_RESPONSE * scale, least)).nonzero()[:, 0].tolist())


def _spread(value: Tensor) -> float:
    """Standard deviation of all numbers of a value, never 0."""
    return float(value.std()) + 1e-3 if value.numel() > 1 else 1.0


def _different(layout: Layout, old: Tensor, new: Tensor) -> set[int]:
    """The channels in which two values differ by more than rounding."""
    before, after = layout.maps(old)[0].flatten(1), layout.maps(new)[0].flatten(1)
    scale = torch.maximum(before.abs().amax(1), after.abs().amax(1)).clamp_min(1e-12)
    return set(((before - after).abs().amax(1) > _TOLERANCE * scale).nonzero()[:, 0].tolist())


def _described(what: str, node: fx.Node, changed: set[int], derived: set[int]) -> str:
    return (
        f"{what} changes other channels of {node.name} than derived: {_listed(changed - derived)} too many, "
        f"{_listed(derived - changed)} too few"
    )


def _listed(channels: set[int]) -> str:
    return f"{len(channels)} ({', '.join(map(str, sorted(channels)[:5]))})"
