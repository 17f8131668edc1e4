"""Builders of the page of images: strip, prediction, messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from precompute.contract.errors import InputError
from summit_dash.figures.heat_maps import write_data_address
from summit_dash.live.job import View
from summit_dash.live.shelf import Shelf
from summit_dash.live.visits import Visit
from summit_dash.pages.components import build_action

__all__ = [
    "build_answer",
    "build_cancelled",
    "build_message",
    "build_prediction",
    "build_strip",
    "build_welcome",
    "describe_wait",
    "open_image",
]


def build_message(problem: InputError, n: int = 1) -> Component:
    """Builds the message of what is missing; `n` refusals of the same kind share one."""
    found = problem.found if n == 1 else f"{problem.found} {n - 1} more were refused."
    return html.Div(
        [
            html.P(problem.rule, className="empty-rule"),
            html.P(found, className="empty-found"),
            html.P(problem.fix, className="empty-do"),
        ],
        className="empty-state",
        role="status",
    )


def build_welcome(view: View, place: int, has_own: bool) -> Component:
    """Builds what is shown before an image is chosen; `has_own`: images of the run are in the strip."""
    if view.state == "failed" and view.problem is not None:
        return build_message(view.problem)
    own = ", or choose one of the run's own above" if has_own else ""
    words = "The model is ready." if view.state == "done" else describe_wait(view, place, "The model is being loaded")
    return html.Div(
        [
            html.P("Why did the model say that, about this image?", className="empty-rule"),
            html.P(f"Drop an image anywhere on the page{own}.", className="empty-found"),
            html.P(words, className="empty-do"),
        ],
        className="empty-state images-welcome",
        role="status",
    )


def describe_wait(view: View, place: int, doing: str) -> str:
    """Describes in a sentence how far a job is."""
    if view.state == "waiting":
        return f"Waiting for the model: place {place} in the queue." if place else "Waiting for the model."
    if view.n_total > 1:
        return f"{doing}: {view.n_done} of {view.n_total}."
    return f"{doing} …"


def build_strip(
    visit: Visit,
    own: Sequence[tuple[int, str]],
    pictures: Mapping[int, bytes],
    image: str | None,
    problem: InputError | None,
) -> list[Component]:
    """Builds the images to choose from: those that were brought, then some of the run's."""

    def show(picture: bytes | None, words: str, instead: Component) -> Component:
        return html.Img(src=visit.shelf.put(picture, "jpeg"), alt=words) if picture else instead

    strip = []
    for key, upload in visit.uploads.items():
        inside = show(visit.thumbnails.get(key), upload.name, html.Span(upload.name, className="images-name"))
        strip.append(_build_choice(key, inside, upload.name, str(image)))
    if problem is not None:
        return [*strip, html.P(f"The run's own images: {problem.found} {problem.fix}", className="muted")]
    for image_id, words in own:
        inside = show(pictures.get(image_id), words, html.Span(className="images-blank"))
        strip.append(_build_choice(str(image_id), inside, words, str(image)))
    return strip


def open_image(key: str) -> dict[str, Any]:
    """Returns the action that opens an image: the model chooses its target."""
    return {"image": key, "target": None, "against": None}


def _build_choice(key: str, inside: Component, tip: str, chosen: str) -> Component:
    return build_action(
        inside, open_image(key), "images-choice", tip, **{"aria-pressed": str(key == chosen).lower(), "aria-label": tip}
    )


def build_answer(
    predicted: View, place: int, shelf: Shelf, outputs: tuple[int | None, int | None], more: Sequence[Component]
) -> Component:
    """Builds all that is known about one image: what the model says of it, and then what a tab shows.

    Args:
        predicted: the view of the prediction.
        place: of the prediction in the queue.
        shelf: of the visit.
        outputs: target and contrast, as the address states them.
        more: what the tab shows. Maps in it lie over the grey image, which is sent once, as a property of the styles.
    """
    if predicted.problem is not None:
        return build_message(predicted.problem)
    if predicted.state == "cancelled":
        return build_cancelled()
    picture = predicted.parts[0] if predicted.parts else None
    if predicted.result is None:
        box = _build_picture(shelf, picture) if picture else html.Div(className="images-picture is-waiting")
        return html.Div(
            [box, html.P(describe_wait(predicted, place, "The model looks at it"), role="status")],
            className="images-head",
        )
    result = predicted.result
    head = html.Div(
        [_build_picture(shelf, result["picture"]), build_prediction(result, *outputs)], className="images-head"
    )
    return html.Div([head, *more], style={"--seen": f"url({write_data_address(result['grey'], 'jpeg')})"})


def _build_picture(shelf: Shelf, picture: bytes) -> Component:
    return html.Img(src=shelf.put(picture), className="images-picture", alt="The image as the model sees it")


def build_cancelled() -> Component:
    """Builds what is shown of a question that was cancelled."""
    again = build_action("Choose an image", {"image": None}, "link")
    return html.P(["Cancelled. ", again], className="muted", role="status")


def build_prediction(result: Mapping[str, Any], target: int | None, against: int | None) -> Component:
    """Builds the bars of the most probable outputs, each a choice of the target and of the contrast."""
    outputs = result["outputs"]
    chosen = outputs[0]["output"] if target is None else target
    rows = []
    for each in outputs[:6]:
        n, share = each["output"], each["probability"]
        is_target, is_contrast = n == chosen, n == against
        tip = f"Logit {each['logit']:.2f}. Explain this class."
        name = build_action(
            each["name"], {"target": n, "against": None if is_contrast else against}, "images-output", tip
        )
        bar = html.Span(html.Span(style={"width": f"{100 * share:.2f}%"}), className="bar")
        contrast = build_action(
            "contrast" if is_contrast else "vs",
            {"target": chosen, "against": None if is_contrast else n},
            "images-vs",
            "Explain the target against this class.",
            **{"aria-pressed": str(is_contrast).lower(), "disabled": is_target},
        )
        kind = "images-row is-target" if is_target else "images-row is-contrast" if is_contrast else "images-row"
        rows.append(
            html.Li([name, html.Span(f"{100 * share:.1f} %", className="number"), contrast, bar], className=kind)
        )
    names = result["names"]
    words = f"Explained: {names[chosen]}" if 0 <= chosen < len(names) else "Explained"
    if against is not None and 0 <= against < len(names):
        words += f" against {names[against]}"
    return html.Div(
        [
            html.H2(words),
            html.P(
                f"The most probable of {result['n_outputs']:,} outputs. Choose a target, or a contrast with vs.",
                className="muted",
            ),
            html.Ol(rows, className="images-bars"),
        ],
        className="images-prediction",
    )
