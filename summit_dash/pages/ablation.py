"""The page of ablation: what the model says of a class's images without channels that a person chose in the graph.

Its callbacks ask worker processes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dash import Dash, Output, html
from dash.development.base_component import Component

from precompute.contract.errors import InputError
from summit_dash.pages.ablation_parts import Chosen, build_answer, build_choice
from summit_dash.pages.asking import Asking, Question, Reply
from summit_dash.pages.images_parts import build_message
from summit_dash.pages.page import Page
from summit_dash.run.store import RunStore

__all__ = ["ASKING", "PAGE", "build_layout", "register_callbacks"]

PAGE = Page("ablation", "Ablation", needs_server=True, order=34, place="Ablation: a class without channels")
_BODY = "ablation-body"


def build_layout() -> Component:
    """Builds the empty place of the answer, and the button that ends the wait for it."""
    body = html.Div(id=_BODY, className="ablation-body")
    return html.Div([*ASKING.build_stores(), body, ASKING.build_cancel("ablation-cancel")], className="ablation")


def register_callbacks(app: Dash) -> None:
    """Adds the callbacks: what the address asks, the answer as it comes, and its end."""
    ASKING.register(app)


def _show(question: Question) -> Reply:
    """Shows what is known by now of the class without the channels."""
    live, visit, store, wanted, _, seen = question
    chosen = read_chosen(store, wanted)
    head = build_choice(store, chosen)
    if not chosen.mode:
        return Reply((head,), "", True)
    ticket = live.ablate(visit, store, chosen.class_id, chosen.channels, chosen.mode)
    view = ticket.view
    place = live.workers.ask(ticket)
    live.keep_only(visit, [ticket])
    version = json.dumps([store.name, store.version, chosen, view.state, view.version, place])
    parts = None if version == seen else ([*head, *build_answer(store, chosen, view, place)],)
    return Reply(parts, version, view.is_over)


def read_chosen(store: RunStore, wanted: Mapping[str, Any]) -> Chosen:
    """Reads the class, the channels and the mode that an address asks for; without channels, those of the graph.

    Raises:
        InputError: the run has no such class, or the class has no graph and no channel is named.
    """
    class_id = wanted.get("class_id")
    if not isinstance(class_id, int) or class_id not in store.classes:
        raise InputError("Channels are removed for a class of the run.", "None is chosen.", "Choose one in the list.")
    pins = [str(each) for each in wanted.get("pins") or []]
    mode = wanted.get("mode")
    by_effect = wanted.get("chosen") == "effect" and store.has_graphs_by_effect
    graph = store.graph_by_effect(class_id) if by_effect else store.graph(class_id)
    own = [f"{node.channel.layer}-{node.channel.channel}" for node in graph.nodes]
    if not pins and not own:
        raise InputError(
            "Channels that are removed are those that are pinned in the graph, or all of the graph.",
            f"{store.classes[class_id].short_name} has no graph.",
            "Choose another class.",
        )
    known_mode = str(mode) if mode in ("remove", "keep") else ""
    return Chosen(class_id, tuple(pins or own), known_mode, bool(pins), len(own))


ASKING = Asking(
    PAGE.key,
    ("class_id", "pins", "mode", "chosen"),
    (Output(_BODY, "children"),),
    _show,
    lambda problem: (build_message(problem),),
    stops_when_left=True,
)
"""The questions of this page."""
