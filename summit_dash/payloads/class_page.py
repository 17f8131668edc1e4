"""The panel of one class in blocks: how well the model knows it, prototypes, confusions, surprising channels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import exp
from typing import Any

from precompute.contract.errors import InputError
from summit_dash.payloads.blocks import Block, build_action, build_element, build_few, build_term
from summit_dash.payloads.confusions import build_class_confusions
from summit_dash.payloads.of_class_panel import build_class_panel
from summit_dash.run.store import ClassInfo, RunStore
from summit_dash.run.text import (
    NO_ACCURACY,
    NO_ACCURACY_IMPORTED,
    format_count,
    format_part,
    format_percent,
    format_plural,
    label_classes,
)

__all__ = ["build_class_page"]

_FEW = 5
"""Rows of a ranking at first."""
_SHOWN = 3
"""Surprising channels at first."""
_METHODS = {
    "code-space": (
        "from a generator's code",
        "A picture that the generator draws from the code for which the model finds the class most probable. It can "
        "draw only what it learned to draw.",
        "None: this run was drawn without a generator.",
    ),
    "picture-space": (
        "from pixels alone",
        "A picture of which everything was optimised until the model found the class probable. Nothing holds it near "
        "any image.",
        "None in this run.",
    ),
}
_PROTOTYPES = (
    "Prototypes: pictures optimised until the model finds the class probable; the class is in the picture for the "
    "model, not always for you."
)
_SURPRISING = (
    "Channels that the class uses and its nearest classes do not, beyond chance (odd among its kin), or that images of "
    "other groups excite most (foreign). Strongest first."
)
_TAKEN_FOR = "What the model finds most probable for images of the class that it gets wrong."


def build_class_page(store: RunStore, class_id: int) -> dict[str, Any]:
    """Builds the `blocks` of the panel of a class, and `examples` of its own images as arrays.

    The browser fills the sections of misclassified images and of examples, whose pictures open large.
    """
    info = store.classes[class_id]
    found = build_class_panel(store, class_id)
    sections = {
        "": _build_prototypes(info, found),
        "class-histogram": _build_histogram(info),
        "confusions-of-class": _build_confusions(store, class_id),
        "misclassified": [],
        "surprising-of-class": _build_surprising(store, info, found["surprising"]),
        "examples-of-class": [
            _build_heading(
                "Some of its images",
                "Dataset examples of the class: crops of its own images that excite the strongest channels of its last "
                "layer.",
                "dataset-example",
            )
        ],
    }
    blocks = [build_element("section", *parts, class_=name or None) for name, parts in sections.items()]
    return {"blocks": [_build_facts(store, info), *blocks], "examples": found["examples"]}


def _build_heading(title: str, tip: str, entry: str = "", *after: Block) -> Block:
    return build_element("h3", build_element("span", build_term(title, tip, entry), class_="heading-words"), *after)


def _build_muted(text: str) -> Block:
    return build_element("p", text, class_="muted none")


def _build_problem(problem: Mapping[str, str]) -> Block:
    return build_element(
        "div",
        build_element("p", problem["found"]),
        build_element("p", f"{problem['rule']} {problem['fix']}", class_="muted"),
        class_="panel-problem",
        role="status",
    )


# --- how well the model knows it ------------------------------------------------------------------------------------


def _build_facts(store: RunStore, info: ClassInfo) -> Block:
    facts: list[Block] = [format_plural(info.n_images, "image")]
    if info.top1_accuracy is None:
        why = NO_ACCURACY_IMPORTED if store.manifest.get("imported") else NO_ACCURACY
        facts.append({"term": {"text": "no accuracy", "tip": why, "entry": "", "className": "muted"}})
    else:
        tip = "Images of the class whose most probable class is theirs."
        facts.append(_build_accuracy("top-1", info.top1_accuracy, tip))
        if info.top5_accuracy is not None:
            tip = "Images of the class that is among their five most probable ones."
            facts.append(_build_accuracy("top-5", info.top5_accuracy, tip))
    spans = [build_element("span", fact, class_="class-fact") for fact in facts]
    return build_element("p", *spans, class_="class-facts")


def _build_accuracy(name: str, fraction: float, tip: str) -> Block:
    return build_element("span", f"{name} ", build_element("b", format_percent(fraction), data_tip=tip))


def _build_histogram(info: ClassInfo) -> list[Block]:
    if info.probability_histogram is None:
        return []
    n = format_plural(info.n_images, "image")
    tip = f"What the model gives to the true class, over {n}: a bar per twentieth."
    ends = build_element("div", build_element("span", "0"), build_element("span", "1"), class_="histogram-ends muted")
    return [_build_heading("Probability of the class", tip), {"histogram": info.class_id}, ends]


# --- prototypes -----------------------------------------------------------------------------------------------------


def _build_prototypes(info: ClassInfo, found: Mapping[str, Any]) -> list[Block]:
    how = build_action({"view": "about"}, "How?", class_="link n")
    heading = _build_heading(f"What looks like {info.short_name} to the model", _PROTOTYPES, "prototype", how)
    by_method = {each["method"]: each for each in found["prototypes"]}
    if not by_method:
        words = {
            "rule": "A prototype is a picture that the model gives the class to.",
            "found": "This run holds none of this class.",
            "fix": f"Draw them: {found['command']}",
        }
        return [heading, {"missing": words}]
    figures = [_build_prototype(info, method, by_method.get(method)) for method in _METHODS]
    return [heading, build_element("div", *figures, class_="prototypes")]


def _build_prototype(info: ClassInfo, method: str, found: Mapping[str, Any] | None) -> Block:
    name, tip, none = _METHODS[method]
    if found is None:
        picture: Block = build_element("span", none)
        reached: Block = None
    else:
        alt = f"Looks like {info.short_name} to the model, {name}"
        picture = {"file": {"path": f"prototype/{info.class_id}/{method}.webp", "alt": alt, "decoding": "async"}}
        reached = _build_reached(found)
        if found["generator"]:
            tip = f"{tip} Generator: {found['generator']}, codes of {found['code_size']} numbers."
    return build_element(
        "figure",
        build_element("div", picture, class_="picture" if found else "picture bare"),
        build_element("figcaption", build_term(name, tip), reached),
        class_="prototype",
        data_method=method,
    )


def _build_reached(found: Mapping[str, Any]) -> Block:
    tip = (
        f"Softmax probability of the class for the picture as it is stored, after "
        f"{format_plural(found['n_steps'], 'step')}; it began at p = {_format(found['initial_log_probability'])}."
    )
    reached = found["log_probability"]
    logarithm = f"{reached:.1g}" if reached > -0.005 else f"{reached:.2f}"
    words = build_element("span", f"(log p {_drop_zeros(logarithm).replace('-', '−')})", class_="muted")
    return build_element("span", f"p = {_format(reached)} ", words, class_="reached", tabindex=0, data_tip=tip)


def _format(log_probability: float) -> str:
    """Formats a probability; a small one in the form 3e-4."""
    p = exp(log_probability)
    return _drop_zeros(f"{p:.0e}") if 0 < p < 0.005 else f"{p:.2f}"


def _drop_zeros(text: str) -> str:
    return re.sub(r"(e[+-])0+(?=\d)", r"\1", text)


# --- confusions -----------------------------------------------------------------------------------------------------


def _build_confusions(store: RunStore, class_id: int) -> list[Block]:
    name = store.classes[class_id].short_name
    try:
        found = build_class_confusions(store, class_id)
    except InputError as problem:
        words = {"rule": problem.rule, "found": problem.found, "fix": problem.fix}
        return [_build_heading("Most often taken for", _TAKEN_FOR), _build_problem(words)]
    n, wrong = found["n"], found["n_wrong"]
    taken_for = (
        f"What the model finds most probable for images of {name} that it gets wrong: {format_part(wrong, n)}. A row "
        "compares the two classes."
    )
    mistaken_for = (
        f"Classes with images for which the model finds {name} most probable. The share is that of the images of the "
        "other class."
    )
    labels = {key: " ".join(filter(None, label)) for key, label in label_classes(store.classes).items()}
    away, here = found["taken_for"], found["mistaken_for"]
    return [
        _build_heading("Most often taken for", taken_for),
        *_rank(away, labels, [n] * len(away["class_id"]), "taken-for", "of {own} were taken for {other}", name),
        *([] if away["class_id"] else [_build_muted(_describe_right(n, wrong))]),
        *_describe_outside(n, found["outside"]),
        _build_heading("Most often mistaken for it", mistaken_for),
        *_rank(here, labels, here["n"], "mistaken-for", "of {other} were taken for {own}", name),
        *([] if here["class_id"] else [_build_muted("No image of another class.")]),
    ]


def _rank(
    found: Mapping[str, Any], labels: Mapping[int, str], wholes: Sequence[int], look: str, tip: str, own: str
) -> list[Block]:
    """Builds the rows of a ranking, each with a bar for its share."""
    rows = []
    for class_id, n, whole, share in zip(found["class_id"], found["count"], wholes, found["share"], strict=True):
        other = labels[class_id]
        value = f"{format_part(n, whole)} · {format_percent(share)}"
        words = [
            build_element("span", other, class_="row-name"),
            build_element("span", value, class_="row-value"),
        ]
        bar = build_element("span", build_element("span", style=f"width:{100 * min(1, share):.1f}%"), class_="bar")
        rows.append(
            build_action(
                {"vs": class_id, "vs_run": None, "view": "compare"},
                build_element("span", *words, bar, class_="row-body"),
                class_="bar-row",
                data_tip=f"{format_part(n, whole)} images {tip.format(own=own, other=other)}. Compare the two.",
            )
        )
    return [build_few(rows, _FEW, f"Show all {format_count(len(rows))} classes", class_=f"rows {look}")] if rows else []


def _describe_right(n: int, wrong: int) -> str:
    if wrong:
        return "No other class of this run."
    if not n:
        return "It has no images."
    return f"Nothing else: the model is right about {'its one image' if n == 1 else f'all {n:,} images'}."


def _describe_outside(n: int, outside: Mapping[str, Any]) -> list[Block]:
    """Builds one line for the outputs that mean no class of the run."""
    if not outside["output"]:
        return []
    each = [
        f"{name.split(',')[0] if name else f'output {output}'} ({format_count(count)})"
        for output, name, count in zip(outside["output"], outside["name"], outside["count"], strict=True)
    ]
    is_cut = len(each) > _FEW
    named = ", ".join(each[:_FEW]) + (f", {format_count(len(each) - _FEW)} more" if is_cut else "")
    words = f"{format_part(sum(outside['count']), n)} images were taken for outputs that mean no class of this run: "
    tip = ", ".join(each) if is_cut else None
    return [build_element("p", f"{words}{named}.", class_="muted outside-outputs", data_tip=tip)]


# --- surprising channels --------------------------------------------------------------------------------------------


def _build_surprising(store: RunStore, info: ClassInfo, found: Mapping[str, Any]) -> list[Block]:
    n, all_ = found["n_channels"], found["n_surprising"]
    counted = [build_element("span", f"{format_part(all_, n)} channels", class_="n")] if all_ else []
    heading = _build_heading("Surprising channels", _SURPRISING, "surprising-channel", *counted)
    if "problem" in found:
        return [heading, _build_problem(found["problem"])]
    notes = [_build_muted(text) for text in found["notes"]]
    if not all_:
        none = f"None of the {format_plural(n, 'channel')} of its graph." if n else "None: its graph has no channels."
        return [heading, _build_muted(none), *notes]
    entries = [_build_entry(store, info, each) for each in found["channels"]]
    left = all_ - len(entries)
    beyond = [_build_muted(f"{format_plural(left, 'weaker one')} more in the graph.")] if left else []
    listed = build_few(entries, _SHOWN, f"Show {len(entries) - _SHOWN} more", class_="surprising", role="list")
    return [heading, listed, *beyond, *notes]


def _build_entry(store: RunStore, info: ClassInfo, each: Mapping[str, Any]) -> Block:
    layer, channel, own, others = (each[name] for name in ("layer", "channel", "own", "others"))
    names = ", ".join(dict.fromkeys(store.classes[example["class_id"]].short_name for example in others))
    sides = [
        _build_side(store, info.short_name, own, info.class_id, "No example of the class."),
        _build_side(
            store, f"Others: {names}" if others else "Others", others, "all", "No best example of another class."
        ),
    ]
    at = {"layer": layer, "channel": channel}
    return build_element(
        "div",
        build_action(at, f"{layer}-{channel}", {"label": at}, class_="surprise-open", data_tip="Open the channel"),
        build_element("div", *sides, class_="surprise-sides") if own or others else None,
        *(_build_reason(text) for text in each["reasons"]),
        class_="surprise strong" if len(each["signals"]) > 1 else "surprise",
        role="listitem",
        data_channel=f"{layer}-{channel}",
    )


def _build_side(
    store: RunStore, caption: str, examples: Sequence[Mapping[str, Any]], owner: int | str, none: str
) -> Block:
    title = build_element("figcaption", caption, data_tip=caption)
    if not examples:
        return build_element("figure", title, _build_muted(none), class_="surprise-side")
    pictures = []
    for example in examples:
        name = store.classes[example["class_id"]].short_name
        picture = {"example": {**example, "owner": owner}}
        look = {"class_": "picture", "role": "img", "aria_label": f"Example of {name}", "data_tip": name}
        pictures.append(build_element("span", picture, **look))
    return build_element(
        "figure", title, build_element("div", *pictures, class_="surprise-pictures"), class_="surprise-side"
    )


def _build_reason(text: str) -> Block:
    """Builds a sentence whose first words, up to the colon, name the signal."""
    name, colon, rest = text.replace(" %", "\N{NO-BREAK SPACE}%").partition(":")
    return build_element("p", build_element("b", name + colon), rest, class_="surprise-reason")
