"""The tab of channels: those of a layer that speak for the target and against it, and where in the image each does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from summit_dash.live.job import Ticket, View
from summit_dash.pages.images_maps import build_overlay
from summit_dash.pages.images_parts import build_message, describe_wait
from summit_dash.pages.images_tab import Question, Tab, build_channel, build_choices, build_layers
from summit_dash.run.text import format_percent, format_plural

__all__ = ["TAB", "list_images"]

_N_TRACED = 6
"""Channels of each sign whose relevance is drawn on the image."""


def list_images(question: Question) -> list[str]:
    """Lists the images that an attribution is the mean of: the chosen one, or all that are beside it in the strip."""
    if question.asked.get("over") != "all":
        return [question.image]
    if question.image.isdecimal():
        return [str(image_id) for image_id, _ in question.own] or [question.image]
    return list(question.visit.uploads)


def _ask(question: Question) -> list[Ticket]:
    live, subject = question.live, question.subject
    first = live.attribute(subject, list_images(question), question.asked.get("at"))
    result = first.view.result
    if result is None:
        return [first]
    channels = _choose_traced(result)
    if not channels:
        return [first]
    return [first, live.trace(subject, result["layer"], channels)]


def _choose_traced(result: Mapping[str, Any]) -> list[int]:
    return [channel for sign in ("for", "against") for channel, _ in result[sign]["channels"][:_N_TRACED]]


def _build(question: Question, views: Sequence[View], place: int) -> list[Component]:
    """Builds the choice of layer and images, and a list for each sign."""
    view = views[0]
    result = view.result
    n_all = len(question.own) if question.image.isdecimal() else len(question.visit.uploads)
    over = question.asked.get("over") or "one"
    choices = [("one", "This image", ""), ("all", f"All {n_all} of the strip", "The mean over the images beside it.")]
    head = html.Div(
        [
            build_layers(question.store, question.asked.get("at") or (result and result["layer"])),
            *([build_choices("Images", "over", choices, over)] if n_all > 1 else []),
        ],
        className="images-choices",
    )
    if view.problem is not None:
        return [head, build_message(view.problem)]
    if result is None:
        return [head, html.P(describe_wait(view, place, "Channels"), role="status", className="muted")]
    traced = {part["channel"]: part for part in views[1].parts} if len(views) > 1 else {}
    problem = [build_message(views[1].problem)] if len(views) > 1 and views[1].problem is not None else []
    n = f"n = {format_plural(result['n_images'], 'image')}"
    words = (
        f"Value times gradient of {question.words}, summed over the positions of {result['layer']}; {n}. "
        "The map shows where in this image the relevance of the class passes through the channel."
    )
    sides = [_build_side(question, result, sign, traced) for sign in ("for", "against")]
    return [head, html.P(words, className="muted"), *problem, html.Div(sides, className="images-sides")]


TAB = Tab("channels", "Channels", "Which channels speak for the class, and where", _ask, _build)


def _build_side(
    question: Question, result: Mapping[str, Any], sign: str, traced: Mapping[int, Mapping[str, Any]]
) -> Component:
    """Builds the channels of one sign with bars, shares and maps."""
    found = result[sign]
    title = f"Speak for {question.words}" if sign == "for" else f"Speak against {question.words}"
    share = "" if found["share"] is None else f"{format_percent(found['share'])} of all that does"
    channels = found["channels"]
    greatest = max((abs(value) for _, value in channels), default=0.0) or 1.0
    rows = []
    for rank, (channel, value) in enumerate(channels):
        part = traced.get(channel)
        words = f"Relevance through {result['layer']}-{channel}"
        map_ = (
            [build_overlay(question.visit.shelf, part["picture"], words)]
            if part is not None
            else [html.Div(className="images-map is-waiting")]
            if rank < _N_TRACED
            else []
        )
        bar = html.Span(html.Span(style={"width": f"{100 * abs(value) / greatest:.1f}%"}), className="bar")
        figures = html.Div([html.Span(f"{value:+.3g}", className="number"), bar], className="images-figures")
        rows.append(html.Li([build_channel(question.store, result["layer"], channel), figures, *map_]))
    body: Component = (
        html.Ol(rows, className=f"images-channels is-{sign}") if rows else html.P("None.", className="muted")
    )
    return html.Section([html.H3([title, " ", html.Span(share, className="n")]), body])
