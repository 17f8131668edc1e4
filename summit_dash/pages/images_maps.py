"""The tab of heat maps: one for every method, over the image."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from precompute.contract.explanation_settings import PARTS, SETTINGS, read_settings
from precompute.contract.map_quality import find_warnings
from precompute.contract.schema import read_table
from summit_dash.figures.heat_maps import Family, draw_scale, write_data_address
from summit_dash.live.job import Ticket, View
from summit_dash.live.service import Live, Subject
from summit_dash.live.shelf import Shelf
from summit_dash.pages.images_parts import build_message, describe_wait
from summit_dash.pages.images_tab import Question, Tab, build_choices, build_setting
from summit_dash.run.store import RunStore

__all__ = ["TAB", "build_maps", "build_overlay", "read_quality"]

_FAMILIES: Mapping[Family, tuple[str, str]] = {
    "signed": ("Signed maps", "Red speaks for the class, blue against it; zero is white."),
    "positive": ("Maps that begin at zero", "The brighter, the more it matters."),
}


def _ask_early(live: Live, subject: Subject, asked: Mapping[str, Any]) -> list[Ticket]:
    """Asks for the quick parts at once, and for each of the others when all before it are over."""
    settings = read_settings(asked)
    tickets: list[Ticket] = []
    for part in PARTS:
        if part.is_quick or all(ticket.view.is_over for ticket in tickets):
            tickets.append(live.explain(subject, part.name, settings, tickets[0].since if tickets else None))
    return tickets


def _ask(question: Question) -> list[Ticket]:
    # The target as the address states it, so that what was asked early is the same question.
    subject = dataclasses.replace(question.subject, target=question.asked.get("target"))
    return _ask_early(question.live, subject, question.asked)


def _build(question: Question, views: Sequence[View], place: int) -> list[Component]:
    chosen = read_settings(question.asked)
    rows = [
        build_setting(setting.title, build_choices(setting.title, setting.name, setting.choices, chosen[setting.name]))
        for setting in SETTINGS
    ]
    maps = build_maps(views, place, question.visit.shelf, read_quality(question.store))
    return [html.Div(rows, className="images-choices"), *maps]


TAB = Tab("maps", "Heat maps", "What in the image speaks for the class, by every method", _ask, _build, _ask_early)


def build_maps(
    views: Sequence[View], place: int, shelf: Shelf, quality: Mapping[str, Sequence[str]]
) -> list[Component]:
    """Builds the heat maps that are there, by family, with what is still computed or why it is not.

    Args:
        views: of the jobs, of each part that was asked.
        place: of the first job in the queue.
        shelf: of the visit.
        quality: by method, sentences on how far its maps can be trusted for this model.
    """
    made = sorted((part for view in views for part in view.parts), key=lambda part: part["rank"])
    head = ["Heat maps ", html.Span(_describe_progress(views, place), className="muted", role="status")]
    built: list[Component] = [html.H2(head)]
    problems = {view.problem.found: view.problem for view in views if view.problem is not None}
    built.extend(build_message(problem) for problem in problems.values())
    for family, (title, meaning) in _FAMILIES.items():
        maps = [part for part in made if part["family"] == family and "picture" in part]
        if maps:
            least = "− greatest" if family == "signed" else "0"
            scale = html.Span(
                [least, html.Img(src=write_data_address(draw_scale(family)), alt=""), "greatest of each map"],
                className="images-scale",
            )
            built.append(
                html.Div([html.H3(title), html.Span(meaning, className="muted"), scale], className="images-family")
            )
            built.append(
                html.Div(
                    [_build_map(part, shelf, quality.get(part["name"], ())) for part in maps],
                    className="images-maps",
                )
            )
    refused = [part for part in made if "problem" in part]
    if refused:
        built.append(html.H3("Do not apply to this model"))
        built.append(
            html.Ul([html.Li(f"{p['title']}: {p['problem'].found}") for p in refused], className="images-refused")
        )
    return built


def build_overlay(shelf: Shelf, picture: bytes, words: str) -> Component:
    """Builds a drawn map over the grey image, which is a property of the styles around it; `words` name the map."""
    over = html.Img(src=shelf.put(picture), alt=words, className="images-over")
    return html.Div([html.Div(className="images-under"), over], className="images-map")


def read_quality(store: RunStore) -> dict[str, list[str]]:
    """Reads what the run knows of the maps of each method: selectivity, and what a reader has to be warned of."""
    if not store.has("explanation_quality"):
        return {}
    return store.read_once("quality of maps", lambda: _read_quality(store))


def _read_quality(store: RunStore) -> dict[str, list[str]]:
    rows = read_table(store.path, "explanation_quality").to_pylist()
    warnings = find_warnings((row["method"], row["metric"], row["value"], row["ci_high"]) for row in rows)
    found: dict[str, list[str]] = {}
    for row in rows:
        if row["metric"] == "selectivity":
            interval = "" if row["ci_low"] is None else f" [{row['ci_low']:z.2f}, {row['ci_high']:z.2f}]"
            # A line breaks before "n", not within "n = 32".
            found[row["method"]] = [f"selectivity {row['value']:z.2f}{interval}, n\u00a0=\u00a0{row['n_images']:,}"]
    for method, sentences in warnings.items():
        found.setdefault(method, []).extend(f"On this model it {words}." for words in sentences)
    return found


def _describe_progress(views: Sequence[View], place: int) -> str:
    """Describes how many of all maps are there, while some are not."""
    n_later = len(PARTS) - len(views)
    if all(view.is_over for view in views) and not n_later:
        return ""
    n_done, n_total = sum(view.n_done for view in views), sum(max(view.n_total, 1) for view in views) + n_later
    all_in_one = views[0]._replace(n_done=n_done, n_total=n_total)
    return describe_wait(all_in_one, place, "Being computed")


def _format_share(share: float) -> str:
    """Formats a share as a percentage: whole from 10 % on, and nothing finer than a hundredth."""
    percent = 100 * share
    return "less than 0.01 %" if percent < 0.01 else f"{percent:.2f} %" if percent < 10 else f"{percent:,.0f} %"


def _build_map(part: Mapping[str, Any], shelf: Shelf, quality: Sequence[str]) -> Component:
    """Builds one method's map over the image, with its figures."""
    error = part["error"]
    figures = [f"greatest {part['scale']:.3g}"]
    figures.append("sum not promised" if error is None else f"sum misses {_format_share(error)} of the score")
    note = [html.Span(words, className="images-note") for words in (part["note"], *quality) if words]
    layers = build_overlay(shelf, part["picture"], f"Heat map: {part['title']}")
    tip = f"{part['holds']}\n{part['citation']}. {part['seconds']:.2f} s."
    caption = html.Figcaption(
        [
            html.Span(part["title"], className="term", tabIndex=0, **{"data-tip": tip}),
            html.Span(" · ".join(figures), className="n"),
            *note,
        ]
    )
    return html.Figure([layers, caption])
