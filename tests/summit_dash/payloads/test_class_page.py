"""The panel of a class in blocks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from summit_dash.payloads import class_page
from summit_dash.payloads.class_page import build_class_page
from summit_dash.payloads.confusions import build_class_confusions
from summit_dash.run.store import RunStore


def read_text(block: Any) -> str:
    """Returns the words of a block, without attributes and tips."""
    if block is None or isinstance(block, int | float):
        return ""
    if isinstance(block, str):
        return block + " "
    if isinstance(block, list):
        return "".join(read_text(each) for each in block[2:])
    kind, content = next(iter(block.items()))
    if kind == "few":
        return "".join(read_text(each) for each in content["blocks"])
    if kind == "missing":
        return " ".join(content.values())
    return content["text"] + " " if kind == "term" else ""


def read_section(store: RunStore, class_id: int, name: str) -> str:
    found = build_class_page(store, class_id)["blocks"][1:]
    return read_text(next(each for each in found if each[1].get("class") == name)).replace("  ", " ")


def test_the_facts_and_the_prototypes_of_a_class(store: RunStore) -> None:
    facts, prototypes, *_ = build_class_page(store, 0)["blocks"]
    assert read_text(facts).startswith("200 images top-1  ")
    for words in ("What looks like red fox", "from a generator's code", "p = 0.97  (log p \N{MINUS SIGN}0.03)"):
        assert words in read_text(prototypes)
    assert "Draw them: summit-dash prototypes" in read_text(build_class_page(store, 2)["blocks"][1])
    json.dumps(build_class_page(store, 0), allow_nan=False)


@pytest.mark.parametrize(("log_probability", "words"), [(-0.03, "0.97"), (-8, "3e-4"), (-800, "0.00")])
def test_small_probabilities_are_powers_of_ten(log_probability: float, words: str) -> None:
    assert class_page._format(log_probability) == words


def test_the_rankings_count_images_and_compare(store: RunStore) -> None:
    found = build_class_confusions(store, 2)["taken_for"]
    words = read_section(store, 2, "confusions-of-class")
    first = store.classes[found["class_id"][0]].short_name
    assert f"{first} {found['count'][0]} of 200" in words and "Most often mistaken for it" in words


def test_surprising_channels_have_reasons_and_both_sides(store: RunStore) -> None:
    words = read_section(store, 11, "surprising-of-class")
    assert " channels " in words and "Odd among its kin: " in words and "Others: " in words


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"n_channels": 36}, "None of the 36 channels of its graph. No class is far."),
        ({"n_channels": 0}, "None: its graph has no channels."),
        (
            {"problem": {"rule": "A rule.", "found": "No activations.", "fix": "Make it."}},
            "No activations. A rule. Make it.",
        ),
    ],
)
def test_that_nothing_surprises_and_why_is_said(store: RunStore, found: dict[str, Any], words: str) -> None:
    none = {"n_channels": 0, "n_surprising": 0, "channels": [], "notes": ["No class is far."], **found}
    blocks = class_page._build_surprising(store, store.classes[5], none)
    assert words in " ".join(read_text(each).strip() for each in blocks)
