"""Single channels of a class's graphs, removed one at a time: what the class loses without each alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contract.nodes import Nodes
from precompute.faithfulness.intervals import compute_mean_interval, compute_paired_interval
from precompute.faithfulness.trials import ClassPlan, Masks, Trial

__all__ = ["build_single_rows", "plan_singles"]


def plan_singles(class_id: int, numbers: Sequence[int], nodes: Nodes) -> tuple[list[Trial], Masks]:
    """Plans one trial for each channel, in the order given.

    Args:
        class_id: of the images.
        numbers: of the channels, ascending, so that those of a layer run together.
        nodes: the numbering of all channels.
    """
    n_layers = len(nodes.starts) - 1
    trials, orders = [], {}
    for number in numbers:
        layer = int(nodes.layer_indices[number])
        alone = np.array([number - int(nodes.starts[layer])], np.int64)
        orders[str(number)] = [alone] * n_layers
        sizes = tuple(int(other == layer) for other in range(n_layers))
        trials.append(Trial(layer, str(number), "remove", sizes))
    return trials, Masks(ClassPlan(class_id, orders), np.diff(nodes.starts).tolist(), 0)


def build_single_rows(
    class_id: int, numbers: Sequence[int], right: NDArray[np.bool_], log_probability: NDArray[np.float32], nodes: Nodes
) -> list[dict[str, Any]]:
    """Builds the rows of the table `single_channels` of a class.

    Args:
        class_id: of the images.
        numbers: of the channels, ascending.
        right: `(image, 1 + channel)`, untouched first.
        log_probability: the same of the logarithm of the class's probability.
        nodes: the numbering of all channels.
    """
    layers, channels = nodes.name_nodes(np.asarray(numbers, np.int64))
    fallen = log_probability[:, :1].astype(np.float64) - log_probability[:, 1:]
    lows, highs = compute_mean_interval(fallen)
    rows = []
    for place, (layer, channel) in enumerate(zip(layers.to_pylist(), channels.tolist(), strict=True)):
        lost, low, high = compute_paired_interval(right[:, 0], right[:, place + 1])
        rows.append(
            {
                "class_id": class_id,
                "layer": layer,
                "channel": channel,
                "accuracy_lost": lost,
                "ci_low": low,
                "ci_high": high,
                "log_probability_lost": float(fallen[:, place].mean()),
                "log_probability_low": None if np.isnan(lows[place]) else float(lows[place]),
                "log_probability_high": None if np.isnan(highs[place]) else float(highs[place]),
                "n_images": len(right),
            }
        )
    return rows
