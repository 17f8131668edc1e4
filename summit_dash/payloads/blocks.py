"""Blocks: parts of a page, described in Python. `assets/src/widgets/blocks.js` builds them, also on a static site.

A block is text, None, a list `[tag, attributes, *blocks]`, or a dictionary of one kind and its content: `{"p": line}`,
`{"ol": [line, ...]}`, `{"facts": [[name, value], ...]}`, `{"terms": [[entry, term, meaning], ...]}`,
`{"figure": {"name": ..., "themes": {...}}}`, `{"table": {"heads": [...], "rows": [[...], ...]}}`, and those that
functions of this module build. A line is text that may hold links to views, `[text](?view=compare&vs=3)`: a field
that a link does not name stays as it is on the screen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "Block",
    "build_action",
    "build_cell",
    "build_choice",
    "build_element",
    "build_few",
    "build_folded",
    "build_head",
    "build_term",
]

Block = Any


def build_element(tag: str, *blocks: Block, **attributes: Any) -> list[Block]:
    """Builds an element. `class_` means `class`, `data_tip` for `data-tip`; attributes of None are left out."""
    named = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items() if value is not None}
    return [tag, named, *blocks]


def build_action(does: Mapping[str, Any], *blocks: Block, **attributes: Any) -> list[Block]:
    """Builds a button that does one thing to the selection."""
    return build_element("button", *blocks, type="button", data_action=json.dumps(does), **attributes)


def build_head(name: str, tip: str | None = None, is_number: bool = True) -> Block:
    """Builds the head of a column; the cells of a column of numbers are to the right."""
    more = {"class": "number" if is_number else None, "data-tip": tip}
    return {"name": name, **{key: value for key, value in more.items() if value is not None}}


def build_cell(text: str, tip: str | None = None, value: float | str | None = None) -> Block:
    """Builds a cell of a number; `value` is what the column is sorted by, where that is not the text."""
    return (
        text
        if tip is None and value is None
        else build_element("td", text, class_="number", data_tip=tip, data_value=value)
    )


def build_term(text: str, tip: str, entry: str = "") -> Block:
    """Builds a term of art with its meaning; one with an `entry` of the glossary leads there."""
    return {"term": {"text": text, "tip": tip, "entry": entry}}


def build_few(blocks: Sequence[Block], n: int, words: str, **attributes: Any) -> Block:
    """Builds a box of blocks of which the first `n` are shown, and a button of these words for the others."""
    return {"few": {"box": build_element("div", **attributes), "blocks": list(blocks), "n": n, "words": words}}


def build_choice(label: str, options: Mapping[str, tuple[str, Sequence[Block]]]) -> Block:
    """Builds buttons of which one is pressed, each with blocks of its own beneath."""
    return {
        "choice": {"label": label, "options": [[name, text, list(blocks)] for name, (text, blocks) in options.items()]}
    }


def build_folded(title: str, *blocks: Block) -> Block:
    """Builds blocks that are folded away under a title, and built when somebody opens them."""
    return {"folded": {"title": title, "blocks": list(blocks)}}
