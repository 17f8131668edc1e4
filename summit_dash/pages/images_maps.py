"""The tab of heat maps: one for every method, over the image."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from cachetools import LRUCache
from dash import html
from dash.development.base_component import Component
from numpy.typing import NDArray

from precompute.contract.map_quality import find_warnings
from precompute.contract.schema import read_table
from summit_dash.figures.heat_maps import Family, draw_heat_map, draw_scale, find_scale, write_data_address
from summit_dash.live.job import Ticket, View
from summit_dash.pages.images_parts import build_cancelled, build_message, describe_wait
from summit_dash.pages.images_tab import Question, Tab
from summit_dash.run.store import RunStore

__all__ = ["TAB", "build_maps", "build_overlay", "read_quality"]

_drawn: LRUCache[Any, str] = LRUCache(256)
_lock = threading.Lock()
_FAMILIES: Mapping[Family, tuple[str, str]] = {
    "signed": ("Signed maps", "Red speaks for the class, blue against it; zero is white."),
    "positive": ("Maps that begin at zero", "The brighter, the more it matters."),
}


def _ask(question: Question) -> list[Ticket]:
    live, asked = question.live, question.asked
    return [live.explain(question.visit, question.store, question.image, asked.get("target"), asked.get("against"))]


def _build(question: Question, views: Sequence[View], place: int) -> list[Component]:
    return build_maps(views[0], place, question.prediction, read_quality(question.store))


TAB = Tab("maps", "Heat maps", "What in the image speaks for the class, by every method", _ask, _build)


def build_maps(
    view: View, place: int, result: Mapping[str, Any], quality: Mapping[str, Sequence[str]]
) -> list[Component]:
    """Builds the heat maps that are there, by family, with what is still computed or why it is not.

    Args:
        view: of the job.
        place: of the job in the queue.
        result: what the model says of the image.
        quality: by method, sentences on how far its maps can be trusted for this model.
    """
    status = "" if view.is_over else describe_wait(view, place, "Heat maps")
    made = sorted(view.parts, key=lambda part: part["rank"])
    built: list[Component] = [html.H2(["Heat maps ", html.Span(status, className="muted", role="status")])]
    if view.problem is not None:
        built.append(build_message(view.problem))
    if view.state == "cancelled":
        built.append(build_cancelled())
    for family, (title, meaning) in _FAMILIES.items():
        maps = [part for part in made if part["family"] == family and "map" in part]
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
                    [_build_map(part, result["picture"], quality.get(part["name"], ())) for part in maps],
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


def build_overlay(values: NDArray[np.float32], family: Family, picture: bytes, words: str) -> Component:
    """Builds a map over the grey image; `words` name it."""
    return html.Div(
        [
            html.Img(src=write_data_address(picture), alt="", className="images-under"),
            html.Img(src=_draw_once(values, family), alt=words, className="images-over"),
        ],
        className="images-map",
    )


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
            interval = "" if row["ci_low"] is None else f" [{row['ci_low']:.2f}, {row['ci_high']:.2f}]"
            found[row["method"]] = [f"selectivity {row['value']:.2f}{interval}, n = {row['n_images']:,}"]
    for method, sentences in warnings.items():
        found.setdefault(method, []).extend(f"On this model it {words}." for words in sentences)
    return found


def _draw_once(values: NDArray[np.float32], family: Family) -> str:
    """Draws a map, which is then remembered: each answer holds all maps so far."""
    key = (values.tobytes(), values.shape, family)
    with _lock:
        if key not in _drawn:
            _drawn[key] = write_data_address(draw_heat_map(values, family))
        return _drawn[key]


def _format_share(share: float) -> str:
    """Formats a share as a percentage: whole from 10 % on, and nothing finer than a hundredth."""
    percent = 100 * share
    return "less than 0.01 %" if percent < 0.01 else f"{percent:.2f} %" if percent < 10 else f"{percent:,.0f} %"


def _build_map(part: Mapping[str, Any], picture: bytes, quality: Sequence[str]) -> Component:
    """Builds one method's map over the image, with its figures."""
    values = part["map"]
    scale = find_scale(values)
    error = part["error"]
    figures = [f"greatest {scale:.3g}"]
    figures.append("sum not promised" if error is None else f"sum misses {_format_share(error)} of the score")
    note = [html.Span(words, className="images-note") for words in (part["note"], *quality) if words]
    layers = build_overlay(part["map"], part["family"], picture, f"Heat map: {part['title']}")
    tip = f"{part['holds']}\n{part['citation']}. {part['seconds']:.2f} s."
    caption = html.Figcaption(
        [
            html.Span(part["title"], className="term", tabIndex=0, **{"data-tip": tip}),
            html.Span(" · ".join(figures), className="n"),
            *note,
        ]
    )
    return html.Figure([layers, caption])
