"""The page of a transfer result in blocks: advice, table of cuts, facts and command of each cut, trained heads."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from math import floor, log10
from typing import Any

from summit_dash.payloads.blocks import Block, build_cell, build_element, build_head
from summit_dash.payloads.training_page import build_training_form
from summit_dash.run.text import DASH, format_count, format_percent, format_plural

__all__ = ["build_transfer_blocks"]

_MOST = 40
"""Rows of the table at first."""
_SIZES = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
_POOLED = {"mean": "the mean", "max": "the maximum", "both": "mean and maximum"}
_INTERVAL = build_head("95 % interval", "Wilson, by images, in per cent.")
_HEADS = [
    "Cut",
    {"name": "", "aria-label": "A or B"},
    build_head("Accuracy", "Share of the images held out whose most probable class is their own."),
    _INTERVAL,
    build_head("Macro F1", "Mean over classes of the F1 score: every class counts the same."),
    build_head("Log-loss", "Mean of -log of the probability of the own class, in nats: less is better."),
    build_head("LogME", "An estimate without training (You et al. 2021): shown, and not used by the advice."),
    build_head("Channels"),
    build_head("Parameters", "Of the model cut there, with its head."),
    build_head("Multiply-adds", "Of convolutions and matrix products for one image, with the head."),
    build_head("ms", "Milliseconds for one image, without the head."),
    build_head("Front", "No cut is both cheaper and more accurate, by the cost of the advice.", is_number=False),
]
_LEARNED_HEADS = [
    "Head",
    build_head("Layers trained", "Recorded layers before the cut whose weights were trained too."),
    build_head("Accuracy"),
    build_head("95 % interval"),
    build_head("Gained", "Images that it has right and the linear head on the same cut wrong, both held out."),
    build_head("Lost", "Images that it has wrong and the linear head right."),
    build_head("Macro F1"),
    build_head("Numbers trained"),
    build_head("Multiply-adds"),
    build_head("Epochs", "Mean over folds of the epoch whose weights were kept."),
]

Row = Mapping[str, Any]


def build_transfer_blocks(found: Row) -> dict[str, Any]:
    """Builds the blocks `advice`, `cuts`, `learned` and `training`, and `chosen`: a list along the cuts."""
    return {
        "advice": [
            build_element("p", found["sentence"], class_="transfer-sentence"),
            build_element("p", _describe_test(found), class_="muted"),
        ],
        "cuts": _build_cuts(found),
        "learned": _build_learned(found["learned"]),
        "training": build_training_form(found["cuts"], found["config"]["n_folds"]),
        "chosen": [_build_chosen(found, row) for row in found["cuts"]],
    }


def _describe_test(found: Row) -> str:
    n_skipped, config = found["n_skipped"], found["config"]
    skipped = f" {format_plural(n_skipped, 'image')} could not be read, and are left out." if n_skipped else ""
    classes = format_plural(len(found["classes"]), "class", "classes")
    return (
        f"{format_plural(found['n_images'], 'image')} of {classes}, each held out once in {config['n_folds']} folds. "
        f"A linear head is trained on {_POOLED[config['pooling']]} of every channel. "
        f"Intervals of 95 % (Wilson), n = {format_count(found['n_images'])}.{skipped}"
    )


# --- tables ---------------------------------------------------------------------------------------------------------


def _build_cuts(found: Row) -> list[Block]:
    rows = [_build_row(row) for row in found["cuts"]]
    table = {"table": {"caption": "Cuts", "heads": _HEADS, "rows": rows, "most": _MOST}}
    return [
        build_element("h2", "Cuts"),
        build_element("p", _describe_estimate(found["estimate"]), class_="muted"),
        _build_wide("Table of cuts", table),
    ]


def _build_wide(name: str, table: Block) -> Block:
    return build_element("div", table, class_="transfer-wide", tabindex=0, role="region", aria_label=name)


def _describe_estimate(estimate: Row) -> str:
    if estimate["spearman"] is None:
        return "LogME is an estimate without training; its rank correlation with the accuracy cannot be computed here."
    return (
        "LogME is an estimate without training. Its rank correlation with the accuracy (Spearman) on these images is "
        f"{estimate['spearman']:.2f}, n = {estimate['n_cuts']} cuts."
    )


def _build_row(row: Row) -> dict[str, Any]:
    marks = [build_element("span", name, class_="cut-mark") for name in ("advised", "best") if row[f"is_{name}"]]
    model = build_element("span", row["model"], class_="muted")
    value = f"{row['model']} {row['cut_index']:04d}"
    logme = DASH if row["logme"] is None else re.sub(r"^-(0\.0+)$", r"\1", f"{row['logme']:.3f}")
    cells = [
        build_element("th", model, " ", row["cut"], *marks, scope="row", data_value=value),
        {"cut_choices": _name_cut(row)},
        format_percent(row["accuracy"]),
        _format_ends(row, " to "),
        f"{row['macro_f1']:.3f}",
        f"{row['log_loss']:.3f}",
        logme,
        format_count(row["n_channels"]),
        _build_cost(row["parameters"]),
        _build_cost(row["multiply_adds"]),
        f"{row['milliseconds']:.2f}",
        build_element("td", "●" if row["is_on_front"] else "", data_value="a" if row["is_on_front"] else ""),
    ]
    return {"cells": cells, "data-cut": _name_cut(row), "class": "is-within" if row["is_within"] else ""}


def _build_learned(rows: list[dict[str, Any]]) -> list[Block]:
    if not rows:
        return []
    words = "By gradient descent, on the same folds. Gained and lost are images, against the linear head on that cut."
    cells = [
        [
            build_element(
                "th",
                build_element("span", f"{row['model']} {row['cut']}", class_="muted"),
                " ",
                row["head"],
                scope="row",
            ),
            str(row["n_unfrozen"]),
            format_percent(row["accuracy"]),
            _format_ends(row, " to "),
            format_count(row["n_gained"]),
            format_count(row["n_lost"]),
            f"{row['macro_f1']:.3f}",
            _build_cost(row["n_trained"]),
            _build_cost(row["multiply_adds"]),
            f"{row['mean_epochs']:.1f}",
        ]
        for row in rows
    ]
    table = {"table": {"caption": "Trained heads", "heads": _LEARNED_HEADS, "rows": cells}}
    return [
        build_element("h2", "Trained heads"),
        build_element("p", words, class_="muted"),
        _build_wide("Table of trained heads", table),
    ]


def _name_cut(row: Row) -> str:
    """Returns the name of a cut in addresses."""
    return f"{row['model']}@{row['cut']}"


def _format_ends(row: Row, between: str) -> str:
    low, high = (format_percent(row[name]).removesuffix(" %") for name in ("ci_low", "ci_high"))
    return f"{low}{between}{high}"


def _build_cost(value: int) -> Block:
    """Builds a large number in three digits, 40.6 M, with all of them in its tip."""
    size, letter = next((each for each in _SIZES if value >= each[0]), (1, ""))
    digits = 2 - floor(log10(value / size)) if value else 0
    text = f"{round(value / size, digits):g}"
    return build_cell(f"{text} {letter}".strip(), format_count(value), value)


# --- one cut --------------------------------------------------------------------------------------------------------


def _build_chosen(found: Row, row: Row) -> dict[str, Any]:
    """Builds the words about one cut, its `facts`, and the `command` to go on with."""
    marks = [name for name in ("advised", "best") if row[f"is_{name}"]]
    if row["is_within"] and not row["is_advised"]:
        marks.append("within one standard error")
    model = found["models"][row["model"]]
    facts = [
        ["Accuracy", f"{format_percent(row['accuracy'])} [{_format_ends(row, ', ')}], n = {row['n_images']:,}"],
        ["Macro F1", f"{row['macro_f1']:.3f}"],
        ["Parameters", f"{row['parameters']:,} of {model['n_parameters']:,}"],
        ["Multiply-adds", format_count(row["multiply_adds"])],
        ["Milliseconds", f"{row['milliseconds']:.2f}"],
    ]
    if model["published"] is not None:
        facts.append(["Published", f"{format_percent(model['published'])} top-1 on ImageNet, the whole model"])
    words, command = _find_command(found, row)
    marked = ", ".join(marks) or f"cut {row['cut_index'] + 1} of {row['model']}"
    return {"marks": marked, "facts": facts, "words": words, "command": command}


def _find_command(found: Row, row: Row) -> tuple[str, str]:
    """Finds the command to go on with: a run of the saved head, else the one that saves it."""
    for head in found["heads"]:
        if (head["model"], head["cut"], head["kind"]) == (row["model"], row["cut"], "linear") and head["is_whole"]:
            words = "Its head is saved. This makes a run of it, with graphs, pictures and explanations as of any model:"
            return words, head["command"]
    command = shlex.join(["summit-dash", "transfer", found["folder"], "--save", _name_cut(row)])
    return "This trains its head on all images and saves it as a model:", command
