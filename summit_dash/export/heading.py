"""The words around a graph's picture: classes, counts, legend, and the source of the numbers."""

from __future__ import annotations

from precompute.contract.tables import EFFECT
from summit_dash.export.lettering import shorten
from summit_dash.export.setting import LINE, Mark, Phrase, Text, build_phrase, flow, frame_text
from summit_dash.export.shapes import Point, Shape, Stroke
from summit_dash.export.subject import Side, Subject
from summit_dash.graph.comparison import Comparison, Part
from summit_dash.graph.elements import COUNT, PLAIN
from summit_dash.graph.stylesheet import style_node
from summit_dash.graph.theme import COLOR_A, COLOR_SHARED, Palette
from summit_dash.run.text import format_percent, format_plural

__all__ = ["MARGIN", "build_footing", "build_heading", "describe", "describe_accuracy", "describe_parting"]

MARGIN = 16.0
_LONGEST_NAME = 360.0
_FIRST_BASELINE = 26.0
_NUMBERS = {COUNT: "activation count", "pagerank": "PageRank", EFFECT: "effect"}


def build_heading(subject: Subject, palette: Palette, width: float) -> tuple[list[Shape], float]:
    """Builds classes, counts and legend; returns them with their height."""
    letters = "AB" if subject.comparison else ("",)
    first = [_build_name(side, letter, palette) for letter, side in zip(letters, subject.sides, strict=True)]
    second = _build_legend(subject, palette) if subject.comparison else _build_summary(subject, palette)
    if subject.origin.influence:
        second.append(frame_text(subject.origin.influence, palette.muted, palette.hairline))
    if subject.comparison:
        second.append(build_phrase(Text(describe_parting(subject.comparison), 13, palette.muted)))
    elif subject.covers < 100:
        second.append(build_phrase(Text(_describe_filter(subject.covers), 13, palette.muted)))
    shapes, y = flow(first, Point(MARGIN, _FIRST_BASELINE), width - MARGIN)
    more, y = flow(second, Point(MARGIN, y + LINE), width - MARGIN)
    return [*shapes, *more], y + LINE / 2


def build_footing(subject: Subject, has_examples: bool, palette: Palette, position: Point, width: float) -> list[Shape]:
    """Builds the line with model, dataset and run, and what dark corners and dotted lines mean where there are any."""
    origin = subject.origin
    words = [f"Model {origin.model}", f"dataset {origin.dataset}", f"run {origin.run}"]
    if has_examples:
        words.append("dark corner: best dataset example, no visualization")
    if subject.ways:
        words.append("dotted: strongest way up, through channels not shown")
    text = shorten("  ·  ".join(words), width - 2 * MARGIN, 11)
    return flow([build_phrase(Text(text, 11, palette.muted))], position, width)[0]


def describe(subject: Subject) -> str:
    """Describes the picture in words, for people who do not see it."""
    channels = subject.channels
    layers = [info.layer for info in subject.origin.layers if any(channel.layer == info.layer for channel in channels)]
    edges = subject.comparison.edges if subject.comparison else subject.edges
    sides = [
        f"{side.label}: {format_plural(side.info.n_images, 'image')}, {_describe_top1(side)}" for side in subject.sides
    ]
    counts = f"{format_plural(len(channels), 'channel')} and {format_plural(len(edges), 'influence')}"
    rows = f"A row per layer, from {layers[-1]} on top down to {layers[0]}."
    more = [_describe_filter(subject.covers) + "."] if subject.covers < 100 else []
    if subject.comparison:
        parts = (f"{subject.comparison.count(part)} {name}" for part, name in _name_parts(subject))
        more = [f"Of the channels {', '.join(parts)}.", describe_parting(subject.comparison)]
    looks = subject.looks
    areas = f"A channel's area is its {_NUMBERS[looks.size_by]}, an edge's width its influence count."
    if looks.color_by != PLAIN:
        areas += f" The stronger the colour of a ring, the greater the channel's {_NUMBERS[looks.color_by]}."
    more += ["The channels are those of the greatest effect."] if subject.selection == EFFECT else []
    return " ".join([". ".join(sides) + ".", f"{counts}.", rows, *more, areas])


def _build_name(side: Side, letter: str, palette: Palette) -> Phrase:
    name = Text(shorten(side.name, _LONGEST_NAME, 15, 600), 15, palette.ink, 600)
    badge = [Mark(18, 5, _choose_badge_stroke(letter, palette), letter)] if letter else []
    mark = [Text(side.mark, 11, palette.muted)] if side.mark else []
    images = Text(format_plural(side.info.n_images, "image"), 13, palette.muted)
    known = side.info.top1_accuracy is not None
    accuracy = Text(describe_accuracy(side), 13, palette.ink if known else palette.muted)
    return build_phrase(*badge, name, *mark, images, accuracy, gap=12.0)


def describe_accuracy(side: Side) -> str:
    """Formats the accuracy, or says that there is none."""
    accuracy = side.info.top1_accuracy
    return "no accuracy" if accuracy is None else format_percent(accuracy)


def _describe_top1(side: Side) -> str:
    return describe_accuracy(side) + ("" if side.info.top1_accuracy is None else " top-1 accuracy")


def _choose_badge_stroke(letter: str, palette: Palette) -> Stroke:
    return Stroke(COLOR_A, 2.0) if letter == "A" else Stroke(palette.b, 2.0, dash=(3.4, 2.2))


def _build_summary(subject: Subject, palette: Palette) -> list[Phrase]:
    graph = subject.sides[0].graph
    counts = (
        (len(subject.nodes), len(graph.nodes), "channel"),
        (len(subject.edges), len(graph.edges), "influence"),
    )
    more = ["channels by effect"] if subject.selection == EFFECT else []
    more += [f"area: {_NUMBERS[subject.looks.size_by]}"] if subject.looks.size_by != COUNT else []
    return [
        build_phrase(
            Text(f"{kept:,}" if kept == every else f"{kept:,} of {every:,}", 13, palette.ink, 600),
            Text(noun if every == 1 else noun + "s", 13, palette.muted),
            gap=4.0,
        )
        for kept, every, noun in counts
    ] + [
        *(build_phrase(Text(words, 13, palette.muted)) for words in more),
        *_build_scale(subject.looks.color_by, palette),
    ]


def _build_scale(color_by: str, palette: Palette) -> list[Phrase]:
    """Builds the meaning of the rings' colour; nothing where it has none."""
    if color_by == PLAIN:
        return []
    looks = (style_node(palette, level=level) for level in (0.25, 0.6, 1.0))
    marks = [Mark(14, 4, Stroke(look.ring_color, 3.0)) for look in looks]
    found = [build_phrase(*marks, Text(f"ring: {_NUMBERS[color_by]}", 13, palette.muted))]
    if color_by == EFFECT:
        below = Mark(14, 4, Stroke(palette.fall, 3.0, dash=(4.0, 2.0)))
        found.append(build_phrase(below, Text("below 0", 13, palette.muted)))
    return found


def _build_legend(subject: Subject, palette: Palette) -> list[Phrase]:
    strokes = {
        Part.ONLY_A: Stroke(COLOR_A, 3.0),
        Part.SHARED: Stroke(COLOR_SHARED, 1.5),
        Part.ONLY_B: Stroke(palette.b, 2.0, dash=(3.4, 2.2)),
    }
    comparison = subject.comparison
    return [
        build_phrase(
            Mark(14, 4, strokes[part]),
            Text(f"{comparison.count(part):,}" if comparison else "", 13, palette.ink, 600),
            Text(shorten(name, _LONGEST_NAME / 2, 13), 13, palette.ink),
        )
        for part, name in _name_parts(subject)
    ]


def _name_parts(subject: Subject) -> list[tuple[Part, str]]:
    a, b = (side.label for side in subject.sides)
    return [(Part.ONLY_A, f"only {a}"), (Part.SHARED, "shared"), (Part.ONLY_B, f"only {b}")]


def describe_parting(comparison: Comparison) -> str:
    """Describes the layer from which the two part."""
    if comparison.parting_layer is None:
        return "They share half or more of their channels up to the last layer."
    return f"They part at {comparison.parting_layer}: from there on, less than half is shared."


def _describe_filter(covers: float) -> str:
    return f"Only the channels that cover {covers:g} % of activation"
