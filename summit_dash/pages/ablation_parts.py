"""Builders of the page of ablation: the channels that are chosen, both accuracies, and the predictions that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dash import html
from dash.development.base_component import Component

from summit_dash.figures.heat_maps import write_data_address
from summit_dash.live.job import View
from summit_dash.pages.components import build_action
from summit_dash.pages.images_parts import build_message, describe_wait
from summit_dash.run.store import RunStore

__all__ = ["Chosen", "build_answer", "build_choice"]

_MOST_NAMED = 40
_MODES = (
    ("remove", "Remove", "Each of these channels has its mean over images in place of its values."),
    (
        "keep",
        "Keep only",
        "All other channels of the same layers have their mean over images in place of their values.",
    ),
)


class Chosen(NamedTuple):
    """The choice of a person.

    Attributes:
        class_id: of the images.
        channels: names, such as `mixed4d-346`.
        mode: `remove` or `keep`; empty before one is chosen.
        is_pinned: the channels are pinned; else they are all of the graph.
        n_graph: channels of the graph.
    """

    class_id: int
    channels: tuple[str, ...]
    mode: str
    is_pinned: bool
    n_graph: int


def build_choice(store: RunStore, chosen: Chosen) -> list[Component]:
    """Builds the heading, the channels, and the choice of the mode."""
    name = store.classes[chosen.class_id].short_name
    whose = "pinned in the graph" if chosen.is_pinned else "all of the graph"
    return [
        html.H2(f"What is {name} without these channels?"),
        html.P(
            [
                f"{_count(len(chosen.channels), 'channel')}, {whose}. ",
                build_action("Choose in the graph", {"view": "graph"}, "link"),
                ": drag a box with Shift, or pin a channel. ",
                *([build_action("Take the whole graph", {"pins": []}, "link")] if chosen.is_pinned else []),
            ],
            className="muted",
        ),
        html.Ul(
            [
                *(
                    html.Li(build_action(each, _open(each), "ablation-channel"))
                    for each in chosen.channels[:_MOST_NAMED]
                ),
                *(
                    [html.Li(f"and {len(chosen.channels) - _MOST_NAMED:,} more", className="muted")]
                    if len(chosen.channels) > _MOST_NAMED
                    else []
                ),
            ],
            className="ablation-channels",
        ),
        html.Div(
            [
                build_action(title, {"mode": mode}, "choice", tip, **{"aria-pressed": str(mode == chosen.mode).lower()})
                for mode, title, tip in _MODES
            ],
            className="choices",
            role="group",
            **{"aria-label": "What becomes of the channels"},
        ),
    ]


def _open(channel: str) -> dict[str, Any]:
    layer, _, number = channel.rpartition("-")
    return {"layer": layer, "channel": int(number)} if number.isdecimal() else {}


def build_answer(store: RunStore, chosen: Chosen, view: View, place: int) -> list[Component]:
    """Builds what is known by now: a message, how far the model is, or accuracies and images."""
    if view.problem is not None:
        return [build_message(view.problem)]
    if view.state == "cancelled":
        again = build_action("Choose again", {"mode": None}, "link")
        return [html.P(["Cancelled. ", again], className="muted", role="status")]
    if view.result is None:
        done = view.n_done / view.n_total if view.n_total > 1 else 0
        bar = html.Div(html.Span(style={"width": f"{100 * done:.0f}%"}), className="bar ablation-progress")
        return [html.P(describe_wait(view, place, "The model runs images"), role="status"), bar]
    result: Mapping[str, Any] = view.result
    return [*_build_accuracies(chosen, result), *_build_changed(result, dict(view.parts))]


def _build_accuracies(chosen: Chosen, result: Mapping[str, Any]) -> list[Component]:
    n, n_all = result["n_images"], result["n_of_class"]
    words = "without these channels" if chosen.mode == "remove" else "with these channels alone"
    rows = [("untouched", result["before"]), (words, result["after"])]
    of = f"n = {n}" if n == n_all else f"n = {n}, the first of {n_all:,} images"
    change = result["log_probability"]
    return [
        html.Div([_build_row(title, measured) for title, measured in rows], className="ablation-rows", role="status"),
        html.P(
            f"Accuracy on the class's images, {of}, with 95 % intervals (Wilson). The logarithm of the class's "
            f"probability {'falls' if change < 0 else 'rises'} by {abs(change):.2f} on average. Means over "
            f"{_count(result['n_of_means'], 'image')} of all classes take the channels' place.",
            className="muted",
        ),
    ]


def _build_row(title: str, measured: Sequence[float]) -> Component:
    accuracy, low, high = measured
    return html.Div(
        [
            html.Span(title),
            html.Span(
                [
                    html.Span(style={"width": f"{100 * accuracy:.1f}%"}),
                    html.I(style={"left": f"{100 * low:.1f}%", "width": f"{100 * (high - low):.1f}%"}),
                ],
                className="bar",
            ),
            html.B(f"{100 * accuracy:.0f} %", className="number"),
            html.Span(f"[{100 * low:.0f}, {100 * high:.0f}]", className="number muted"),
        ],
        className="ablation-row",
    )


def _build_changed(result: Mapping[str, Any], pictures: Mapping[int, bytes]) -> list[Component]:
    """Builds the images whose prediction changed, each with both predictions."""
    changed = result["changed"]
    if not changed:
        return [html.P(f"The prediction of none of {_count(result['n_images'], 'image')} changes.")]
    shown = [each for each in changed if each["image_id"] in pictures]
    more = f", {len(shown)} of them shown" if len(shown) < len(changed) else ""
    return [
        html.H3(f"{len(changed)} of {_count(result['n_images'], 'prediction')} change{more}"),
        html.Ul([_build_image(each, pictures[each["image_id"]]) for each in shown], className="ablation-images"),
    ]


def _build_image(each: Mapping[str, Any], picture: bytes) -> Component:
    names = [
        html.Span(each[which], className="is-right" if each[right] else "is-wrong", **{"data-tip": each[which]})
        for which, right in (("before", "was_right"), ("after", "is_right"))
    ]
    image = html.Img(src=write_data_address(picture, "jpeg"), alt=each["path"])
    action = {"view": "images", "image": str(each["image_id"]), "target": None, "against": None}
    tip = f"{each['path']}. Opens its heat maps."
    return html.Li(
        [
            build_action(image, action, "ablation-image", tip, **{"aria-label": f"{each['path']}: heat maps"}),
            html.Span([names[0], html.Span(" → ", className="muted"), names[1]], className="ablation-change"),
        ]
    )


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
