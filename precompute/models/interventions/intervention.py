"""Checks of derived links by intervention: one channel is changed, and exactly the derived channels must change.

A link is checked step by step. Between convolutions nothing mixes channels. So, in the inputs of the next convolutions
and in the target, a changed channel of a layer or of a convolution's output changes its own descendants and nothing
else. Raising it moves each descendant in the derived direction. A convolution's output changes by the derived weights
times the change. Gates, which the main path leaves out, are held at their values.
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
from precompute.models.provenance.descent import Descent, find_descents
from precompute.models.provenance.directions import Directions
from precompute.models.provenance.expressions import Convolution, list_parts
from precompute.models.provenance.links import Link

_TOLERANCE = 1e-5
_SAME_RESPONSE = 1e-3
_DIP = 0.5
"""The greatest fall of SiLU and GELU, which count as rising; one such dip behind another has another direction."""
_OTHER_TERMS = (-100.0, 100.0)
"""Factors for the other convolutions, tried where a channel does not move as derived."""
_ONE_WAY = 0.3
"""The least net movement of a channel in the derived direction, as a share of all its movement."""


@dataclass(frozen=True)
class InterventionReport:
    """The result of the interventions.

    Attributes:
        n_links: the number of links checked.
        n_interventions: the number of channels changed, one at a time.
        failures: one text for each intervention that changed other channels than derived, or changed them otherwise.
    """

    n_links: int
    n_interventions: int
    failures: tuple[str, ...]


def check_links(model: ExportedModel, links: Sequence[Link], n_channels: int = 2, seed: int = 0) -> InterventionReport:
    """Intervenes on some channels of every layer and convolution of the links that can be traced.

    Args:
        model: the exported model; random weights are enough.
        links: the links to check; those that cannot be traced are skipped.
        n_channels: the number of channels changed per layer and per convolution.
        seed: the seed of the image, the channels and the changes.
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
    """The changes of the channels of a value when one channel was changed.

    Attributes:
        changed: the channels that changed in any trial.
        net: `(channel,)`, the sum of signed movements when the one was raised, over all trials and positions.
        total: `(channel,)`, the sum of absolute movements.
        widest: `(channel,)`, the greatest absolute movement.
    """

    changed: set[int] = field(default_factory=set)
    net: Tensor | float = 0.0
    total: Tensor | float = 0.0
    widest: Tensor = field(default_factory=lambda: torch.zeros(()))

    def add(self, layout: Layout, low: Tensor, high: Tensor) -> None:
        """Adds the movements from a value with the channel low to one with the channel high."""
        moved = (layout.view_maps(high) - layout.view_maps(low))[0].flatten(1).double()
        moved = moved.where(moved.isfinite(), 0)
        self.net, self.total = self.net + moved.sum(1), self.total + moved.abs().sum(1)
        self.widest = torch.maximum(self.widest, moved.abs().amax(1))

    def join(self, other: _Changes) -> None:
        """Adds the trials of other changes."""
        self.changed |= other.changed
        self.net, self.total = self.net + other.net, self.total + other.total
        self.widest = torch.maximum(self.widest, other.widest)

    def find_contradicting(self, derived: dict[int, int], dip: float = 0.0) -> set[int]:
        """Finds the channels that moved otherwise than in the derived direction, and further than `dip`."""
        if isinstance(self.net, float) or isinstance(self.total, float):
            return set()
        least, widest = self.total * _ONE_WAY, self.widest
        return {c for c, sign in derived.items() if widest[c] > dip and float(self.net[c] * sign) < float(least[c])}


class _Check:
    """The check of one link.

    Its origins, where channels are changed, are the layers that feed the link and its convolutions. Observed are the
    inputs of the convolutions and the target.
    """

    def __init__(self, model: ExportedModel, link: Link, image: Tensor, generator: torch.Generator) -> None:
        assert link.channels is not None
        self._model, self._generator = model, generator
        parts = [part for part in list_parts(link.channels) if isinstance(part, Convolution)]
        self._convolutions = {part.node: [one for one in parts if one.node is part.node] for part in parts}
        self._directions = Directions(model)
        self._order = {node: index for index, node in enumerate(model.graph.nodes)}
        self._origins = [*(source.node for source in link.sources), *self._convolutions]
        self._observed = list(dict.fromkeys([link.target.node, *(part.input_node for part in parts)]))
        self._expressions = {link.target.node: link.channels} | {part.input_node: part.input for part in parts}
        # Gates are held at their values: a change must not reach the target through them.
        self._held = [node for node in link.gates if node not in self._origins]
        self._given = [*self._origins, *self._held, model.input]
        values = model.build_sub_graph(list(dict.fromkeys([*self._given, *self._observed])))
        with torch.no_grad():
            known = dict(zip(dict.fromkeys([*self._given, *self._observed]), values(image), strict=True))
        self._values: dict[fx.Node, Tensor] = known
        self._reach: tuple[fx.Node, list[fx.Node], torch.nn.Module] | None = None

    def run(self, chosen: random.Random, n_channels: int, checked: set[tuple[object, ...]]) -> Iterator[str]:
        """Yields one text per intervention: the failure, or an empty one.

        Args:
            chosen: the generator that draws the channels.
            n_channels: the number of channels of each origin.
            checked: steps that were checked for other links; those of this link are added.
        """
        descents = {node: find_descents(expression) for node, expression in self._expressions.items()}
        for origin in self._origins:
            step = (origin, *self._build_reach(origin)[2])
            if step in checked:
                continue
            checked.add(step)
            layout = self._model.layouts[origin]
            for channel in chosen.sample(range(layout.n_channels), min(n_channels, layout.n_channels)):
                yield self._check_origin(origin, channel, descents)
        for node, convolutions in self._convolutions.items():
            signs = (None if one.gain is None else tuple(one.gain.sign().tolist()) for one in convolutions)
            step = (convolutions[0].input_node, node, *signs)
            if step not in checked:
                checked.add(step)
                yield from self._check_convolution(convolutions, chosen, n_channels)

    def _check_origin(self, origin: fx.Node, channel: int, descents: dict[fx.Node, list[Descent]]) -> str:
        found = self._measure_changes(self._values, (origin, channel))
        what = f"channel {channel} of {origin.name}"
        for node in self._observed:
            changes = found[node]
            signs = {c: one[origin, channel] for c, one in enumerate(descents[node]) if (origin, channel) in one}
            # Behind several ReLUs a value may be 0 before and after; a nearer value has shown the change.
            nearer = (one for one in self._observed if self._order[origin] < self._order[one] < self._order[node])
            is_far = any(found[one].changed for one in nearer)
            dip = _DIP if is_far else 0.0
            for factor in _OTHER_TERMS:
                if changes.find_contradicting(signs, dip) or not (is_far or changes.changed >= set(signs)):
                    elsewhere = self._replace_others(origin, factor)
                    changes.join(self._measure_changes(elsewhere, (origin, channel))[node])
            missing = set() if is_far else set(signs) - changes.changed
            if missing or changes.changed - set(signs):
                return _describe(what, node, changes.changed, set(signs))
            wrong = changes.find_contradicting(signs, dip)
            if wrong:
                return f"raising {what} moves channels of {node.name} otherwise than derived: {_list_some(wrong)}"
        return ""

    def _replace_others(self, origin: fx.Node, factor: float) -> dict[fx.Node, Tensor]:
        """Returns all values with other convolutions multiplied by a factor and gates open.

        Other terms of a sum may keep a ReLU at 0 for every value of the one channel, or keep SiLU in its dip.
        """
        others = {one: factor * self._values[one] for one in self._convolutions if one is not origin}
        signs = {gate: self._directions.find_sign(gate) or 1 for gate in self._held}
        gates = {gate: torch.full_like(self._values[gate], sign) for gate, sign in signs.items()}
        return {**self._values, **gates, **others}

    def _build_reach(self, origin: fx.Node) -> tuple[torch.nn.Module, list[fx.Node], list[fx.Node]]:
        """Builds the module that computes the observed values which an origin reaches with no other one in between.

        Returns:
            The module, its inputs and its outputs.
        """
        if self._reach is None or self._reach[0] is not origin:
            reached, stack = {origin}, [origin]
            while stack:
                for user in stack.pop().users:
                    if user not in reached and user not in self._given:
                        reached.add(user)
                        stack.append(user)
            observed = [node for node in self._observed if node in reached]
            self._reach = (origin, observed, self._model.build_sub_graph(observed, given=self._given))
        return self._reach[2], self._given, self._reach[1]

    def _check_convolution(
        self, convolutions: Sequence[Convolution], chosen: random.Random, n_channels: int
    ) -> Iterator[str]:
        """Checks all convolutions that were derived from one of the graph: several where some are turned round."""
        node, read = convolutions[0].node, convolutions[0].input_node
        layout = self._model.layouts[read]
        alone = self._model.build_sub_graph([node], given=[read, self._model.input])
        image = self._values[self._model.input]
        for channel in chosen.sample(range(layout.n_channels), min(n_channels, layout.n_channels)):
            raised = self._replace_channel(read, channel, 100.0)
            with torch.no_grad():
                (before,), (after,) = alone(self._values[read], image), alone(raised, image)
            change = layout.view_maps(raised - self._values[read])
            response = self._model.layouts[node].view_maps(after - before)
            wrong = set().union(*(_find_wrong_responses(one, change, response) for one in convolutions))
            text = f"channel {channel} read by {node.name} changes channels otherwise than the derived weights"
            yield f"{text}: {_list_some(wrong)}" if wrong else ""

    def _measure_changes(
        self, known: dict[fx.Node, Tensor], intervention: tuple[fx.Node, int]
    ) -> defaultdict[fx.Node, _Changes]:
        """Measures the changes of each observed value in some trials, each of which lowers and raises one channel."""
        node, channel = intervention
        graph, given, observed = self._build_reach(node)
        found: defaultdict[fx.Node, _Changes] = defaultdict(_Changes)
        if not observed:
            return found
        bounds = self._directions.find_range(node)

        def compute(value: Tensor) -> list[Tensor]:
            return graph(*({**known, node: value}[one] for one in given))

        with torch.no_grad():
            before = compute(known[node])
            most = 100 * max(100.0, *(_measure_spread(value) / _measure_spread(known[node]) for value in before))
            for strength in (3.0, 100.0, most):  # beyond thresholds, saturation and the other terms of sums
                ends = [self._replace_channel(node, channel, sign * strength) for sign in (-1, 1)]
                results = [compute(end) for end in ends]
                for after in results:
                    for one, old, new in zip(observed, before, after, strict=True):
                        found[one].changed |= _find_different(self._model.layouts[one], old, new)
                # Numbers out of the range of a value may move otherwise, as before an absolute value.
                within = [end.clamp(*bounds) for end in ends]
                pairs = zip(ends, within, results, strict=True)
                low, high = (after if torch.equal(end, one) else compute(one) for end, one, after in pairs)
                for one, lower, higher in zip(observed, low, high, strict=True):
                    found[one].add(self._model.layouts[one], lower, higher)
        return found

    def _replace_channel(self, node: fx.Node, channel: int, strength: float) -> Tensor:
        """Returns a value with noise in one channel, at every position beyond `strength` standard deviations."""
        value, layout = self._values[node], self._model.layouts[node]
        noise = torch.randn(layout.view_maps(value)[:, channel].shape, generator=self._generator)
        return layout.replace_channel(value, channel, _measure_spread(value) * strength * (1 + noise.abs()))


def _find_wrong_responses(convolution: Convolution, change: Tensor, response: Tensor) -> set[int]:
    """Finds the channels of a convolution that change otherwise than its derived weights do.

    Args:
        convolution: as derived.
        change: the change of its input, `(1, source, height, width)`.
        response: the change of its output, `(1, target, height, width)`.
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
    # The scale of each target, but at least the rounding of the largest.
    scale = torch.maximum(expected.abs().amax((0, 2, 3)), found.abs().amax((0, 2, 3)))
    least = _SAME_RESPONSE * gain.abs() * response.abs().max()
    difference = (found - expected).abs().amax((0, 2, 3))
    return set((difference > torch.maximum(_SAME_RESPONSE * scale, least)).nonzero()[:, 0].tolist())


def _measure_spread(value: Tensor) -> float:
    """Measures the standard deviation of all numbers of a value; the result is never 0."""
    return float(value.std()) + 1e-3 if value.numel() > 1 else 1.0


def _find_different(layout: Layout, old: Tensor, new: Tensor) -> set[int]:
    """Finds the channels in which two values differ by more than rounding."""
    before, after = layout.view_maps(old)[0].flatten(1), layout.view_maps(new)[0].flatten(1)
    scale = torch.maximum(before.abs().amax(1), after.abs().amax(1)).clamp_min(1e-12)
    return set(((before - after).abs().amax(1) > _TOLERANCE * scale).nonzero()[:, 0].tolist())


def _describe(what: str, node: fx.Node, changed: set[int], derived: set[int]) -> str:
    return (
        f"{what} changes other channels of {node.name} than derived: {_list_some(changed - derived)} too many, "
        f"{_list_some(derived - changed)} too few"
    )


def _list_some(channels: set[int]) -> str:
    return f"{len(channels)} ({', '.join(map(str, sorted(channels)[:5]))})"
