"""The interface of a tab of the page of images, and what all tabs share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dash import html
from dash.development.base_component import Component

from precompute.contract.schema import read_table
from summit_dash.live.job import Ticket, View
from summit_dash.live.service import Live, Subject
from summit_dash.live.visits import Visit
from summit_dash.pages.components import build_action
from summit_dash.run.graphs import Channel
from summit_dash.run.pictures import PictureKind
from summit_dash.run.store import RunStore

__all__ = ["Question", "Tab", "build_channel", "build_choices", "build_layers", "build_setting", "locate_picture"]


@dataclass(frozen=True)
class Question:
    """A page's question about an image that the model has seen.

    Attributes:
        live: workers and visits.
        visit: of the page.
        store: the run.
        image: key of an upload, or the number of an image of the run.
        target: the output that is explained.
        against: the output that it is compared with; None for none.
        asked: further fields of the address.
        own: images of the run in the strip, numbers and words.
        prediction: what the model says of the image.
    """

    live: Live
    visit: Visit
    store: RunStore
    image: str
    target: int
    against: int | None
    asked: Mapping[str, Any]
    own: Sequence[tuple[int, str]]
    prediction: Mapping[str, Any]

    @property
    def subject(self) -> Subject:
        """The image with target and contrast."""
        return Subject(self.visit, self.store, self.image, self.target, self.against)

    @property
    def words(self) -> str:
        """The name of the target, with the contrast."""
        names = self.prediction["names"]
        return names[self.target] + ("" if self.against is None else f" against {names[self.against]}")


@dataclass(frozen=True)
class Tab:
    """A tab.

    Attributes:
        name: in the address.
        title: on its button.
        tip: a sentence.
        ask: asks for its answers; called each time that the page looks for news.
        build: builds what is known, given the views of what was asked and the place of the first in the queue.
        ask_early: asks while the model has not yet said what it sees, given the image with target and contrast as the
            address states them, and its further fields; None where nothing can be asked then.
    """

    name: str
    title: str
    tip: str
    ask: Callable[[Question], list[Ticket]]
    build: Callable[[Question, Sequence[View], int], list[Component]]
    ask_early: Callable[[Live, Subject, Mapping[str, Any]], list[Ticket]] | None = None


def build_choices(label: str, field: str, choices: Sequence[tuple[Any, str, str]], chosen: Any) -> Component:
    """Builds a row of buttons of which one is pressed.

    Args:
        label: of the row.
        field: of the selection.
        choices: value, title and tip of each.
        chosen: the value of the one that is pressed.
    """
    buttons = [
        build_action(title, {field: value}, "segment", tip, **{"aria-pressed": str(value == chosen).lower()})
        for value, title, tip in choices
    ]
    return html.Div(buttons, className="segments", role="group", **{"aria-label": label})


def build_setting(title: str, choices: Component) -> Component:
    """Builds a row of choices with its title before it."""
    return html.Div([html.Span(title, className="muted"), choices], className="images-setting")


def build_layers(store: RunStore, chosen: str | None, most: int | None = None) -> Component:
    """Builds the choice of a layer with positions; `most` is the greatest number of them."""
    rows = read_table(store.path, "layers", ["layer", "height", "width"]).to_pylist()
    names = [
        row["layer"]
        for row in rows
        if (row["height"] or 1) * (row["width"] or 1) > 1 and (most is None or row["height"] * row["width"] <= most)
    ]
    return build_choices("Layer", "at", [(name, name, "") for name in names], chosen)


def locate_picture(store: RunStore, layer: str, channel: int) -> str | None:
    """Returns the address of a channel's picture, relative to the page; None where it has none."""
    if store.pictures.get_picture_kind(Channel(layer, channel)) is PictureKind.NONE:
        return None
    return f"run/{quote(store.name, safe='')}/picture/{quote(layer, safe='')}/{channel}.webp?v={store.version}"


def build_channel(store: RunStore, layer: str, channel: int) -> Component:
    """Builds the picture and the name of a channel; a click opens its panel."""
    address = locate_picture(store, layer, channel)
    picture = html.Img(src=address, alt="") if address else html.Span(className="images-blank")
    action = {"layer": layer, "channel": channel}
    return build_action([picture, html.Span(f"{layer}-{channel}")], action, "images-channel", "Open the channel")
