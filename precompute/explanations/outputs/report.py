"""The report on explained images: one HTML file that needs no script and no other file."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from precompute.contract.map_quality import BASELINES, QUALITY_METRICS, find_warnings
from precompute.contract.wording import format_count
from precompute.explanations.outputs.files import name_overlay

__all__ = ["build_report"]

_STYLE = """
:root { color-scheme: light dark; --back: #fff; --fore: #1a1c20; --soft: #5b616b; --line: #dfe2e7; --bar: #3d6fb4 }
@media (prefers-color-scheme: dark) {
  :root { --back: #16181c; --fore: #e8eaee; --soft: #a3a9b4; --line: #33373f; --bar: #7fa8e0 }
}
body { background: var(--back); color: var(--fore); font: 15px/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 76rem; padding: 1.5rem }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.2rem; margin: 0 0 .6rem } h3 { font-size: 1rem }
section { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: 1.2rem }
.soft, figcaption span { color: var(--soft) } p { margin: .3rem 0 }
.top { display: flex; flex-wrap: wrap; gap: 1.5rem } .top > img { border-radius: 4px; width: 224px }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)) }
figure { margin: 0 } figure img { border-radius: 4px; display: block; width: 100%; image-rendering: auto }
figcaption { font-size: .85rem; line-height: 1.35; margin-top: .35rem; overflow-wrap: anywhere }
figcaption span { display: block }
.refused { align-items: center; aspect-ratio: 1; border: 1px dashed var(--line); border-radius: 4px; color: var(--soft);
  display: flex; font-size: .8rem; overflow: auto; padding: .5rem }
.bars { border-spacing: .5rem .15rem } .bars td:nth-child(2) { width: 12rem }
.bar { background: var(--bar); height: .7rem; min-width: 1px }
.wide { overflow-x: auto } table.figures { border-collapse: collapse; font-size: .85rem }
.figures td, .figures th { border-bottom: 1px solid var(--line); padding: .25rem .7rem .25rem 0; text-align: right }
.figures td:first-child, .figures th:first-child { text-align: left } .cells { max-width: 100%; width: 26rem }
.channel { border-radius: 3px; height: 2rem; margin-right: .6rem; vertical-align: middle; width: 2rem }
"""


def build_report(
    folder: Path, run: str, model: str, images: Sequence[Mapping[str, Any]], pictures: Mapping[int, bytes]
) -> str:
    """Builds the report.

    Args:
        folder: of the images' files.
        run: its name.
        model: its name.
        images: the facts of each, as `write_image` returns them; all of one layer.
        pictures: of the layer's channels as WebP, as many as there are.
    """
    n = format_count(len(images), "images")
    parts = [_build_image(folder, facts, pictures) for facts in images]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(model)}: {n} explained</title><style>{_STYLE}</style></head><body>"
        f"<h1>{n} explained</h1><p class=soft>Model {escape(model)}, run {escape(run)}. Red speaks for the class, blue "
        "against it. Each map has a scale of its own: its units differ from those of the others.</p>"
        f"{''.join(parts)}</body></html>\n"
    )


def _build_image(folder: Path, facts: Mapping[str, Any], pictures: Mapping[int, bytes]) -> str:
    name, target = facts["name"], facts["target"]
    against = "" if target["against_name"] is None else f" against {escape(target['against_name'])}"
    maps = "".join(_build_map(folder, facts, one) for one in facts["maps"])
    seen = _embed(folder, name, "image", "The image as the model sees it")
    return (
        f"<section><h2>{escape(name)}</h2><div class=top>{seen}"
        f"<div><p>Explained: <b>{escape(target['name'])}</b>{against}, score {facts['score']:.3f}.</p>"
        f"{_build_bars(facts['predictions'])}</div></div><h3>Maps</h3><div class=grid>{maps}</div>"
        f"{_build_quality(facts)}{_build_channels(folder, facts, pictures)}</section>"
    )


def _build_bars(predictions: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        f"<tr><td>{escape(one['name'])}</td><td><div class=bar style='width:{one['probability']:.2%}'></div></td>"
        f"<td>{one['probability']:.1%}</td></tr>"
        for one in predictions
    ]
    return f"<table class=bars>{''.join(rows)}</table>"


def _build_map(folder: Path, facts: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    title = escape(one["title"])
    if one.get("problem"):
        return f"<figure><div class=refused>{escape(one['problem'])}</div><figcaption>{title}</figcaption></figure>"
    lines = []
    if one.get("error") is not None:
        lines.append(f"its sum misses {one['error']:.2%} of the score")
    quality = facts["quality"].get(one["name"], {})
    if quality.get("selectivity") is not None:
        lines.append(f"selectivity {quality['selectivity']:.3f}")
    rows = [(one["name"], metric, value, None) for metric, value in quality.items() if value is not None]
    lines += [f"<b>{escape(warning)}</b>" for warning in find_warnings(rows).get(one["name"], ())]
    if one.get("note"):
        lines.append(escape(one["note"]))
    lines.append(f"full colour from {one['limit']:.2g}")
    told = "".join(f"<span>{line}</span>" for line in lines)
    return f"<figure>{_embed(folder, facts['name'], one['name'], title)}<figcaption>{title}{told}</figcaption></figure>"


def _build_quality(facts: Mapping[str, Any]) -> str:
    if not facts["quality"]:
        return ""
    titles = {**{one["name"]: one["title"] for one in facts["maps"]}, **BASELINES}
    metrics = [name for name in QUALITY_METRICS if any(name in found for found in facts["quality"].values())]
    head = "".join(
        f"<th title='{escape(QUALITY_METRICS[m].meaning)}'>{escape(QUALITY_METRICS[m].title)}" for m in metrics
    )
    body = "".join(
        f"<tr><td>{escape(titles.get(method, method))}" + "".join(f"<td>{_format(found.get(m))}" for m in metrics)
        for method, found in facts["quality"].items()
    )
    return (
        "<h3>Quality of the maps</h3><p class=soft>n = 1 image, so there are no intervals.</p>"
        f"<div class=wide><table class=figures><tr><th>Method{head}{body}</table></div>"
    )


def _build_channels(folder: Path, facts: Mapping[str, Any], pictures: Mapping[int, bytes]) -> str:
    layer, parts = escape(facts["layer"]), []
    for sign, title in (("for", "Speak for the class"), ("against", "Speak against it")):
        found = facts["channels"][sign]
        if not found["channels"]:
            continue
        rows = "".join(
            f"<tr><td>{_embed_channel(pictures.get(c['channel']))}{layer}-{c['channel']}<td>{c['attribution']:.3f}"
            for c in found["channels"]
        )
        share = f"{found['share']:.0%} of the sum of that sign"
        parts.append(
            f"<div><p>{title}: {share}</p><table class=figures><tr><th>Channel<th>Attribution{rows}</table></div>"
        )
    cells = _embed(folder, facts["name"], "cells", "The strongest channel of each cell") if facts["has_cells"] else ""
    picture = f"<div><p>The strongest channel of each cell</p>{cells.replace('<img', '<img class=cells')}</div>"
    return f"<h3>Channels of {layer}</h3><div class=top>{''.join(parts)}{picture if cells else ''}</div>"


def _embed(folder: Path, name: str, what: str, alt: str) -> str:
    content = base64.b64encode((folder / name_overlay(name, what)).read_bytes()).decode()
    return f'<img alt="{alt}" src="data:image/png;base64,{content}">'


def _embed_channel(picture: bytes | None) -> str:
    if picture is None:
        return ""
    return f'<img class=channel alt="" src="data:image/webp;base64,{base64.b64encode(picture).decode()}">'


def _format(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
