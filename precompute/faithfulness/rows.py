"""The rows of the tables of the proof of one class, out of what was measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contract.nodes import Nodes
from precompute.faithfulness.config import ALL_LAYERS, FaithfulnessConfig
from precompute.faithfulness.edges import compute_auc
from precompute.faithfulness.intervals import compute_mean_interval, compute_wilson_interval
from precompute.faithfulness.outcomes import Outcomes
from precompute.faithfulness.trials import Trial

__all__ = ["build_edge_rows", "build_rows", "build_sufficient_rows"]

FloatArray = NDArray[np.float64]


def build_rows(
    class_id: int, trials: Sequence[Trial], outcomes: Outcomes, layers: Sequence[str], selections: Sequence[str]
) -> list[dict[str, Any]]:
    """Builds the rows of a class, sorted by layer from the input (`all` last), selection, intervention and size.

    The accuracy and the log-probability of `random` are means over the repeats for each image, and then over images.
    The first rows of `all` are those of the untouched model, with 0 channels.

    Args:
        class_id: of the images.
        trials: as they were run.
        outcomes: of `trials`.
        layers: names, in order from the input.
        selections: that were measured; `random` belongs to each.
    """
    right, log_probability = outcomes.is_right.astype(np.float64), outcomes.log_probability.astype(np.float64)
    columns: dict[tuple[int | None, str, str, tuple[int, ...]], list[int]] = defaultdict(list)
    for column, trial in enumerate(trials, 1):
        columns[trial.layer, trial.selection, trial.intervention, trial.sizes].append(column)
    found = []
    for (layer, selection, intervention, sizes), places in columns.items():
        random = log_probability[:, columns[layer, "", "random", sizes]].mean(1)
        of_images = _OfImages(right[:, places].mean(1), log_probability[:, places].mean(1), len(places))
        base = {"class_id": class_id, "layer": ALL_LAYERS if layer is None else layers[layer]}
        for named in [selection] if selection else selections:
            row = base | {"selection": named, "intervention": intervention, "n_channels": sum(sizes)}
            found.append(
                row | of_images.summarize() | (_compare(random, of_images) if intervention == "remove" else {})
            )
    if any(trial.layer is None for trial in trials):
        whole = _OfImages(right[:, 0], log_probability[:, 0], 1).summarize()
        for selection in selections:
            base = {"class_id": class_id, "layer": ALL_LAYERS, "selection": selection, "intervention": "remove"}
            found.append(base | {"n_channels": 0} | whole)
    order = {name: place for place, name in enumerate([*layers, ALL_LAYERS])}
    found.sort(key=lambda row: (order[str(row["layer"])], *_rank(row)))
    return found


def build_edge_rows(
    class_id: int, found: Mapping[str, NDArray[Any]], nodes: Nodes, config: FaithfulnessConfig
) -> list[dict[str, Any]]:
    """Builds the rows of the table `edge_faithfulness` of a class, by layer of the targets from the input.

    Args:
        class_id: of the images.
        found: `edges`, `edge_effects`, `others`, `other_effects` and `is_right` of the class; nothing where edges were
            not measured.
        nodes: the numbering of the channels.
        config: that was measured with.
    """
    if "edges" not in found:
        return []
    n_images = min(len(found["is_right"]), config.edge_images)
    layers = {kind: nodes.layer_indices[found[kind][:, 0]] for kind in ("edges", "others")}
    rows = []
    for index in np.unique(layers["edges"]).tolist():
        edges = found["edge_effects"][layers["edges"] == index]
        others = found["other_effects"][layers["others"] == index]
        edges, others = edges[~np.isnan(edges)], others[~np.isnan(others)]
        rows.append(
            {
                "class_id": class_id,
                "layer": nodes.layer_names[index],
                "auc": compute_auc(edges, others),
                "mean_edge_effect": float(edges.mean()) if len(edges) else None,
                "mean_other_effect": float(others.mean()) if len(others) else None,
                "n_edges": len(edges),
                "n_others": len(others),
                "n_images": n_images,
            }
        )
    return rows


def build_sufficient_rows(
    class_id: int, found: Mapping[str, NDArray[Any]], config: FaithfulnessConfig
) -> list[dict[str, Any]]:
    """Builds the rows of the table `sufficient_graphs` of a class; none without a share of accuracy to keep, or any."""
    rows = []
    for selection in sorted(config.selections):
        if f"smallest_{selection}" not in found:
            continue
        right = found[f"right_{selection}"]
        accuracy = float(right.mean())
        low, high = compute_wilson_interval(accuracy, len(right))
        rows.append(
            {
                "class_id": class_id,
                "selection": selection,
                "share": config.keep_accuracy,
                "n_channels": int(found[f"smallest_{selection}"].sum()),
                "accuracy": accuracy,
                "ci_low": float(low),
                "ci_high": float(high),
                "n_images": len(right),
            }
        )
    return rows


def _rank(row: dict[str, Any]) -> tuple[str, str, int]:
    return row["selection"], row["intervention"], row["n_channels"]


class _OfImages:
    """Accuracy and log-probability of each image, `(image,)`, means over `n_repeats` trials."""

    def __init__(self, right: FloatArray, log_probability: FloatArray, n_repeats: int) -> None:
        self.right, self.log_probability, self.n_repeats = right, log_probability, n_repeats

    def summarize(self) -> dict[str, Any]:
        n = len(self.right)
        accuracy = float(self.right.mean())
        low, high = compute_wilson_interval(accuracy, n)
        mean_low, mean_high = compute_mean_interval(self.log_probability)
        return {
            "accuracy": accuracy,
            "ci_low": float(low),
            "ci_high": float(high),
            "mean_log_probability": float(self.log_probability.mean()),
            "log_probability_low": _to_number(mean_low),
            "log_probability_high": _to_number(mean_high),
            "n_images": n,
            "n_repeats": self.n_repeats,
        }


def _compare(random: FloatArray, removed: _OfImages) -> dict[str, Any]:
    """Computes how much further the log-probability falls than under random channels, image by image."""
    below = random - removed.log_probability
    low, high = compute_mean_interval(below)
    return {
        "below_random": float(below.mean()),
        "below_random_low": _to_number(low),
        "below_random_high": _to_number(high),
    }


def _to_number(value: FloatArray) -> float | None:
    return None if np.isnan(value) else float(value)
