"""Small pure builders shared by the views. A click on anything with `data-action` changes the selection."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from summit_dash.measures import Link, measure_names, tell_measures
from summit_dash.store import InputError, Thumbnail

__all__ = [
    "build_action",
    "build_bar_row",
    "build_empty_state",
    "build_fact",
    "build_histogram",
    "build_icon",
    "build_measure",
    "build_picture",
    "build_problem",
    "build_term",
]


def build_action(
    children: Any, action: dict[str, Any], class_name: str = "", tip: str = "", **attributes: Any
) -> Component:
    """A button that does one thing to the selection."""
    extra = {"data-action": json.dumps(action), **({"data-tip": tip} if tip else {}), **attributes}
    return html.Button(children, className=class_name, type="button", **extra)


def build_icon(name: str) -> Component:
    """An icon of the sheet in `assets/icons.css`."""
    return html.Span(className=f"icon icon-{name}", **{"aria-hidden": "true"})


def build_term(text: str, meaning: str, class_name: str = "") -> Component:
    """A term of art with its meaning in one sentence."""
    return html.Span(text, className=f"term {class_name}".strip(), **{"data-tip": meaning, "tabIndex": 0})


def build_measure(links: Sequence[Link]) -> Component | None:
    """A small label with the measure of influence between layers; nothing where the run does not tell."""
    if not links:
        return None
    return build_term(measure_names(links), tell_measures(links), "measure")


def build_fact(name: str, value: Any, tip: str = "") -> Component:
    """A small heading with a value under it."""
    attributes = {"data-tip": tip} if tip else {}
    return html.Div([html.Span(name, className="fact-name"), html.Span(value, className="fact-value")],
                    className="fact", **attributes)  # fmt: skip


def build_histogram(bins: Sequence[int] | None, n_images: int) -> Component | None:
    """Images per twentieth of the true class's probability, as bars."""
    if bins is None:
        return None
    most = max(bins) or 1
    tip = (
        f"Probability that the model gives to the true class, over {n_images:,} images: "
        f"0 at the left, 1 at the right, {most:,} images in the highest bar."
    )
    bars = [html.Span(style={"height": f"{max(4, 100 * n / most):.0f}%"}) for n in bins]
    return html.Div(bars, className="histogram", role="img", **{"data-tip": tip, "aria-label": tip})


def build_picture(thumbnail: Thumbnail, alt: str, class_name: str = "thumb") -> Component:
    """A channel's picture; a corner mark where it is an example in place of a visualization."""
    if thumbnail.url is None:
        return html.Span(className=f"{class_name} picture bare", title="No picture in this run")
    mark = " example" if thumbnail.is_example else ""
    return html.Span(html.Img(src=thumbnail.url, alt=alt), className=f"{class_name} picture{mark}")


def build_bar_row(
    picture: Component | None, name: Any, value: str, fraction: float, action: dict[str, Any], tip: str
) -> Component:
    """A line of a ranking: picture, name, a bar for the fraction, the number. A click follows it."""
    bar = html.Span(html.Span(style={"width": f"{100 * min(1.0, fraction):.1f}%"}), className="bar")
    body = html.Span(
        [html.Span(name, className="row-name"), html.Span(value, className="row-value"), bar], className="row-body"
    )
    return build_action([picture, body] if picture else [body], action, "bar-row", tip)


def build_empty_state(rule: str, found: str, what_to_do: str) -> Component:
    """What is missing, what was found instead, and what to do about it."""
    lines = [
        html.Div(build_icon("compass"), className="empty-icon"),
        html.P(rule, className="empty-rule"),
        html.P(found, className="empty-found"),
        html.P(what_to_do, className="empty-do"),
    ]
    return html.Div(lines, className="empty-state", role="status")


def build_problem(problem: InputError) -> Component:
    """An empty state for what a run lacks."""
    return build_empty_state(problem.rule, problem.found, problem.fix)
