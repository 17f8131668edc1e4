"""The comparison of methods as one table: means over images with their intervals, and as a table of a run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from precompute.contract.map_quality import BASELINES, QUALITY_METRICS, find_warnings
from precompute.contract.writing import write_table
from precompute.explanations.metrics.bootstrap import estimate_mean
from precompute.explanations.quality import Measurement

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["QualityRow", "QualityTable", "summarize"]


@dataclass(frozen=True)
class QualityRow:
    """A row of the table `explanation_quality`.

    Attributes:
        method: a method's name, or one of the contract's `BASELINES`.
        metric: one of the contract's `QUALITY_METRICS`.
        value: the mean over the images that have a value.
        ci_low: lower end of its 95 % interval; None for one image.
        ci_high: upper end.
        n_images: images that have a value.
    """

    method: str
    metric: str
    value: float
    ci_low: float | None
    ci_high: float | None
    n_images: int


def summarize(measurements: Iterable[Measurement], seed: int = 0) -> QualityTable:
    """Takes the values of images together; a method's values for further images may come later in the list."""
    values: dict[tuple[str, str], list[float]] = {}
    for each in measurements:
        values.setdefault((each.method, each.metric), []).extend(each.values)
    rows = []
    for (method, metric), found in values.items():
        estimate = estimate_mean(found, seed)
        if estimate is not None:
            rows.append(QualityRow(method, metric, **asdict(estimate)))
    return QualityTable(tuple(rows))


@dataclass(frozen=True)
class QualityTable:
    """The figures of methods and baselines, in the order in which they were measured."""

    rows: tuple[QualityRow, ...]

    @property
    def methods(self) -> list[str]:
        """The methods and baselines."""
        return list(dict.fromkeys(row.method for row in self.rows))

    @property
    def metrics(self) -> list[str]:
        """The metrics that were measured, in the contract's order."""
        measured = {row.metric for row in self.rows}
        return [name for name in QUALITY_METRICS if name in measured]

    @property
    def warnings(self) -> Mapping[str, Sequence[str]]:
        """Sentences that a reader of a method's maps has to know, by method."""
        return find_warnings((row.method, row.metric, row.value, row.ci_high) for row in self.rows)

    def find(self, method: str, metric: str) -> QualityRow | None:
        """Finds a figure; None where it was not measured or is not defined."""
        return next((row for row in self.rows if (row.method, row.metric) == (method, metric)), None)

    def to_frame(self) -> pd.DataFrame:
        """Returns the rows as a frame of pandas."""
        import pandas as pd

        return pd.DataFrame([asdict(row) for row in self.rows])

    def to_csv(self) -> str:
        """Returns the rows as CSV with a head."""
        return str(self.to_frame().to_csv(index=False))

    def to_json(self) -> str:
        """Returns rows, warnings and the meanings of metrics as JSON."""
        meanings = {name: QUALITY_METRICS[name].meaning for name in self.metrics}
        content = {"rows": [asdict(row) for row in self.rows], "warnings": self.warnings, "metrics": meanings}
        return json.dumps(content, indent=1)

    def to_markdown(self, titles: Mapping[str, str]) -> str:
        """Returns a table of Markdown, a line for every method and a column for every metric.

        Args:
            titles: of methods, by name; baselines are known.
        """
        known = {**titles, **BASELINES}
        heads = [QUALITY_METRICS[name].title for name in self.metrics]
        lines = [f"| method | {' | '.join(heads)} | |", "|---" * (len(heads) + 2) + "|"]
        for method in self.methods:
            cells = [_format(self.find(method, metric)) for metric in self.metrics]
            warning = "; ".join(self.warnings.get(method, ()))
            lines.append(f"| {known.get(method, method)} | {' | '.join(cells)} | {warning} |")
        return "\n".join(lines) + "\n"

    def write(self, run: Path) -> None:
        """Writes the table `explanation_quality` of a run."""
        rows = sorted(self.rows, key=lambda row: (row.method, row.metric))
        names = ("method", "metric", "value", "ci_low", "ci_high", "n_images")
        write_table(run, "explanation_quality", {name: [getattr(row, name) for row in rows] for name in names})


def _format(row: QualityRow | None) -> str:
    if row is None:
        return ""
    interval = "" if row.ci_low is None else f" ({row.ci_low:.3g} to {row.ci_high:.3g})"
    return f"{row.value:.3g}{interval}, n = {row.n_images}"
