"""The report of a transfer result: one HTML file that needs no script and no other file, and tables as CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from precompute.contract.atomic import replace_file
from precompute.contract.transfer_tables import read_transfer_manifest, read_transfer_table
from precompute.contract.wording import format_count
from precompute.transfer.plot import COLOURS, draw_by_cost, draw_by_depth

__all__ = ["REPORT", "write_report"]

REPORT = "report.html"
_CSV = ("cuts", "class_accuracy")
_MOST_CLASSES = 60
Row = Mapping[str, Any]
_STYLE = """
:root { color-scheme: light dark; --back: #fff; --fore: #1a1c20; --soft: #5b616b; --line: #dfe2e7; --raise: #f4f6f9;
  --mark: #e9f1fb }
@media (prefers-color-scheme: dark) {
  :root { --back: #16181c; --fore: #e8eaee; --soft: #a3a9b4; --line: #33373f; --raise: #1e2127; --mark: #1d2c40 }
}
body { background: var(--back); color: var(--fore); font: 15px/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 76rem; padding: 1.5rem }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.15rem; margin: 2rem 0 .6rem }
.soft { color: var(--soft) } p { margin: .3rem 0 }
.advice { background: var(--mark); border-radius: 6px; font-size: 1.05rem; margin: 1rem 0; padding: .8rem 1rem }
.plots { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(34rem, 100%), 1fr)) }
figure { margin: 0 } figcaption { font-weight: 600; margin-bottom: .3rem } svg { display: block; width: 100% }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif } svg .grid { stroke: var(--line) }
svg .front { fill: none; stroke: var(--fore); stroke-dasharray: 4 3; stroke-width: 1.3; opacity: .7 }
svg .ring { fill: none; stroke: var(--fore); stroke-width: 1.6 }
.key { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: .5rem 0 } .key i { border-radius: 50%;
  display: inline-block; height: .7rem; margin-right: .4rem; width: .7rem }
.wide { overflow-x: auto } table { border-collapse: collapse; font-size: .87rem; font-variant-numeric: tabular-nums }
td, th { border-bottom: 1px solid var(--line); padding: .28rem .9rem .28rem 0; text-align: right; white-space: nowrap }
td.text, th.text { text-align: left } tr.advised { background: var(--mark); font-weight: 600 }
tr.within td.text::after { color: var(--soft); content: attr(data-mark) }
pre { background: var(--raise); border-radius: 6px; overflow-x: auto; padding: .7rem 1rem }
"""


def write_report(folder: Path) -> None:
    """Writes the report of a result, and its tables `cuts` and `class_accuracy` as CSV, into its folder."""
    manifest = read_transfer_manifest(folder)
    tables = {name: read_transfer_table(folder, name) for name in (*_CSV, "classes", "learned")}
    for name in _CSV:
        with replace_file(folder / f"{name}.csv") as temporary:
            pa.csv.write_csv(_decode(tables[name]), temporary)
    text = _build(manifest, tables)
    with replace_file(folder / REPORT) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _decode(table: pa.Table) -> pa.Table:
    """Returns a table with plain text in place of dictionaries, which CSV does not know."""
    columns = [column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column for column in table.columns]
    return pa.table(columns, names=table.column_names)


def _build(manifest: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> str:
    rows, by_class, classes = (tables[name].to_pylist() for name in ("cuts", "class_accuracy", "classes"))
    dataset, advice = manifest["dataset"], manifest["advice"]
    title = f"Where to cut: {dataset['name']}"
    folds = manifest["config"]["n_folds"]
    models = list(dict.fromkeys(row["model"] for row in rows))
    key = "".join(
        f'<span><i style="background:{COLOURS[number % len(COLOURS)]}"></i>{escape(model)}'
        f"{_describe_published(manifest['models'][model])}</span>"
        for number, model in enumerate(models)
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f'<p class="soft">{manifest["n_images"]:,} images of {dataset["n_classes"]:,} classes, each held out once in '
        f"{folds} folds. A linear head is trained on the pooled features of each layer. Intervals of 95 % "
        f"(Wilson), n = {manifest['n_images']:,}.</p>{_describe_skipped(manifest)}"
        f'<p class="advice">{escape(advice["sentence"])}</p>'
        f'<div class="key">{key}</div><div class="plots">'
        f"<figure><figcaption>Accuracy by depth</figcaption>{draw_by_depth(rows)}</figure>"
        f"<figure><figcaption>Accuracy by cost</figcaption>"
        f"{draw_by_cost(rows, 'multiply_adds', 'multiply-adds per image')}</figure></div>"
        '<p class="soft">A ring is the advised cut; filled points are within one standard error of the best. The '
        "dashed line is the Pareto front: no cut is both cheaper and better.</p>"
        f"<h2>Cuts</h2>{_build_cuts(rows)}{_describe_estimate(manifest['estimate'])}"
        f"{_build_learned(tables['learned'].to_pylist())}"
        f"<h2>Classes</h2>{_build_classes(rows, by_class, classes)}{_describe_next(manifest)}</body></html>\n"
    )


def _describe_published(model: Mapping[str, Any]) -> str:
    top1 = model.get("published_top1")
    return "" if top1 is None else f' <span class="soft">&nbsp;(published ImageNet top-1 {100 * top1:.1f} %)</span>'


def _describe_skipped(manifest: Mapping[str, Any]) -> str:
    n = len(manifest["skipped"])
    return f'<p class="soft">{format_count(n, "images")} could not be read, and are left out.</p>' if n else ""


def _describe_estimate(estimate: Mapping[str, Any]) -> str:
    known = estimate["spearman"]
    told = "cannot be computed" if known is None else f"is {known:.2f}"
    return (
        '<p class="soft">LogME is an estimate without training. Its rank correlation with the accuracy '
        f"(Spearman) on these images {told}, n = {estimate['n_cuts']} cuts.</p>"
    )


def _build_cuts(rows: Sequence[Row]) -> str:
    head = (
        '<tr><th class="text">Model<th class="text">Cut after<th>Accuracy<th>95 % interval<th>Macro F1<th>Log-loss'
        "<th>LogME<th>Channels<th>Parameters<th>Multiply-adds<th>ms per image</tr>"
    )
    body = []
    for row in rows:
        kind = "advised" if row["is_advised"] else "within" if row["is_within"] else ""
        body.append(
            f'<tr class="{kind}"><td class="text">{escape(row["model"])}<td class="text">{escape(row["cut"])}'
            f"<td>{100 * row['accuracy']:.1f} %<td>{100 * row['ci_low']:.1f} to {100 * row['ci_high']:.1f}"
            f"<td>{row['macro_f1']:.3f}<td>{row['log_loss']:.3f}<td>{row['logme']:.3f}<td>{row['n_channels']:,}"
            f"<td>{row['parameters']:,}<td>{row['multiply_adds']:,}<td>{row['milliseconds']:.2f}</tr>"
        )
    return f'<div class="wide"><table>{head}{"".join(body)}</table></div>'


def _build_learned(rows: Sequence[Row]) -> str:
    """Builds the table of heads that were trained by gradient descent; empty where there is none."""
    if not rows:
        return ""
    head = (
        '<tr><th class="text">Model<th class="text">Cut after<th class="text">Head<th>Layers trained<th>Accuracy'
        "<th>95 % interval<th>Gained<th>Lost<th>Macro F1<th>Log-loss<th>Numbers trained<th>Multiply-adds<th>Epochs</tr>"
    )
    body = "".join(
        f'<tr><td class="text">{escape(row["model"])}<td class="text">{escape(row["cut"])}'
        f'<td class="text">{row["head"]}'
        f"<td>{row['n_unfrozen']}<td>{100 * row['accuracy']:.1f} %<td>{100 * row['ci_low']:.1f} to "
        f"{100 * row['ci_high']:.1f}<td>{row['n_gained']:,}<td>{row['n_lost']:,}<td>{row['macro_f1']:.3f}"
        f"<td>{row['log_loss']:.3f}<td>{row['n_trained']:,}<td>{row['multiply_adds']:,}<td>{row['mean_epochs']:.1f}</tr>"
        for row in rows
    )
    return (
        f'<h2>Trained heads</h2><div class="wide"><table>{head}{body}</table></div><p class="soft">On the same folds. '
        "Gained and lost: images right here and wrong with the linear head on that cut, and the reverse.</p>"
    )


def _build_classes(rows: Sequence[Row], by_class: Sequence[Row], classes: Sequence[Row]) -> str:
    """Builds the table of classes for the advised cut and the best one, the least accurate classes first."""
    advised = next(row for row in rows if row["is_advised"])
    best = next(row for row in rows if row["is_best"])
    shown = [advised] if advised is best else [advised, best]
    found = {(row["model"], row["cut_index"], row["class_id"]): row for row in by_class}
    lines = []
    for each in classes:
        cells = [found[row["model"], row["cut_index"], each["class_id"]] for row in shown]
        told = "".join(
            f"<td>{100 * cell['accuracy']:.1f} %<td>{100 * cell['ci_low']:.1f} to {100 * cell['ci_high']:.1f}"
            for cell in cells
        )
        lines.append((cells[0]["accuracy"], f'<tr><td class="text">{escape(each["class_name"])}'
                                            f"<td>{cells[0]['n_images']:,}{told}</tr>"))  # fmt: skip
    lines.sort(key=lambda line: line[0])
    heads = "".join(f"<th>{escape(row['model'])} after {escape(row['cut'])}<th>95 % interval" for row in shown)
    more = len(lines) - _MOST_CLASSES
    rest = f'<p class="soft">And {more:,} classes of greater accuracy: class_accuracy.csv.</p>' if more > 0 else ""
    body = "".join(text for _, text in lines[:_MOST_CLASSES])
    return f'<div class="wide"><table><tr><th class="text">Class<th>Images{heads}</tr>{body}</table></div>{rest}'


def _describe_next(manifest: Mapping[str, Any]) -> str:
    commands = "".join(f"<pre>{escape(head['command'])}</pre>" for head in manifest.get("heads", {}).values())
    return f"<h2>Go on</h2><p>A saved head is a model as any other.</p>{commands}" if commands else ""
