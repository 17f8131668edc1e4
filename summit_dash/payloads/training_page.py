"""The training of a head in blocks: the form, the state of a training in words, and its epochs as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from summit_dash.figures.transfer import build_training_parts
from summit_dash.graph.theme import PALETTES
from summit_dash.payloads.blocks import Block, build_element
from summit_dash.run.text import format_percent

__all__ = ["build_training_form", "build_training_state"]

_HEADS = {
    "linear": "linear",
    "mlp": "mlp: a hidden layer on pooled features",
    "conv1x1": "conv1x1: a map of the positions",
    "conv3x3": "conv3x3: a convolution on the maps",
}
_NUMBERS: tuple[tuple[str, str, float, int, int | str], ...] = (
    ("Layers trained", "n_unfrozen", 0, 0, 1),
    ("Epochs", "n_epochs", 20, 1, 1),
    ("Learning rate", "learning_rate", 0.001, 0, "any"),
)
"""Label, name, first value, least value and step of the fields of numbers."""

Row = Mapping[str, Any]


# --- the form -------------------------------------------------------------------------------------------------------


def build_training_form(cuts: Sequence[Row], n_folds: int) -> list[Block]:
    """Builds the heading and the form. Its fields have the names that `live/training.py` reads."""
    how = (
        f"A head by gradient descent, tested on the same {n_folds} folds, then trained on all images and saved. "
        "Cancelled, the best one so far is kept."
    )
    form = build_element(
        "form",
        _build_field("Cut", _build_cuts(cuts)),
        _build_field("Head", _build_heads()),
        *(_build_field(each[0], _build_number(*each[1:])) for each in _NUMBERS),
        build_element("button", "Train", type="submit", class_="training-start"),
        class_="training-form",
        aria_label="Train a head",
    )
    return [build_element("h2", "Train a head"), build_element("p", how, class_="muted"), form]


def _build_field(label: str, content: Block) -> Block:
    return build_element("label", build_element("span", label), content, class_="training-field")


def _build_number(name: str, value: float, least: int, step: int | str) -> Block:
    return build_element(
        "input", type="number", name=name, value=str(value), min=str(least), step=str(step), required=True
    )


def _build_cuts(cuts: Sequence[Row]) -> Block:
    """Builds the choice of the cut, the cuts of each model together."""
    groups = []
    for model in dict.fromkeys(row["model"] for row in cuts):
        own = [row["cut"] for row in cuts if row["model"] == model]
        groups.append(
            build_element("optgroup", *(build_element("option", c, value=f"{model}@{c}") for c in own), label=model)
        )
    return build_element("select", *groups, name="cut", class_="run-picker")


def _build_heads() -> Block:
    options = [
        build_element("option", text, value=name, selected=True if name == "mlp" else None)
        for name, text in _HEADS.items()
    ]
    return build_element("select", *options, name="kind", class_="run-picker")


# --- a training -----------------------------------------------------------------------------------------------------


def build_training_state(state: Row, n_folds: int) -> dict[str, Any]:
    """Builds `blocks`, the state in words with its progress and the button that cancels it, and `figures` by theme.

    Args:
        state: of a training, as the route describes it: `state`, `is_over`, `waits`, `cut`, `head`, `epochs`, ...
        n_folds: of the result.

    Returns:
        `figures` is None before the first epoch.
    """
    blocks = [build_element("span", _describe(state, n_folds), role="status")]
    if not state["is_over"]:
        share = state["n_done"] / state["n_total"] if state["n_total"] else 0
        words = f"Training, {format_percent(share)}"
        blocks.append(build_element("progress", max="1", value=str(share), aria_label=words))
        if state["state"] != "cancelled":
            blocks.append(build_element("button", "Cancel", type="button", class_="tool", data_cancel=True))
    epochs = state["epochs"]
    return {"blocks": blocks, "figures": {theme: _draw(theme, epochs) for theme in PALETTES} if epochs else None}


def _describe(state: Row, n_folds: int) -> str:
    epochs, now = state["epochs"], state["state"]
    name = _name_head(state["cut"], state["head"])
    if now == "waiting":
        return f"{name}: waits; {state['waits'] - 1} before it."
    if now == "done":
        return f"{name}: trained and saved."
    if now == "cancelled":
        saved = f"The best head so far is {'' if state['is_over'] else 'being '}saved."
        return f"{name}: cancelled. {saved if epochs else 'No epoch was done.'}"
    if not epochs:
        return f"{name}: begins."
    last = epochs[-1]
    which = "on all images" if last["fold"] is None else f"fold {last['fold'] + 1} of {n_folds}"
    share = format_percent(last["accuracy"])
    return (
        f"{name}: {which}, epoch {last['epoch']}, loss {last['loss']:.3f}, accuracy {share} on the part that ends the "
        "training."
    )


def _name_head(cut: str, head: Row) -> str:
    layers = f", {head['n_unfrozen']} layers trained" if head.get("n_unfrozen") else ""
    return f"{head['kind']} on {cut}{layers}"


def _draw(theme: str, epochs: Sequence[Row]) -> dict[str, Any]:
    """Returns the figure of all trainings, of every fold and of the saved head; the last one in another colour."""
    parts = build_training_parts(theme)
    trainings = _split_trainings(epochs)
    data = []
    for place, each in enumerate(trainings):
        look = parts["now" if place == len(trainings) - 1 else "before"]
        line = {**look, "hovertemplate": "%{y}<extra></extra>", "showlegend": False, "x": [e["epoch"] for e in each]}
        data.append({**line, "y": [e["loss"] for e in each]})
        data.append({**line, "y": [e["accuracy"] for e in each], "xaxis": "x2", "yaxis": "y2"})
    return {"data": data, "layout": parts["layout"]}


def _split_trainings(epochs: Sequence[Row]) -> list[list[Row]]:
    """Returns the epochs of each training, one after the other: each begins with its first epoch."""
    n = 0
    numbered = []
    for each in epochs:
        n += each["epoch"] == 1
        numbered.append((n, each))
    return [[each for _, each in group] for _, group in groupby(numbered, key=lambda pair: pair[0])]
