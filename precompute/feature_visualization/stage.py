"""The stage `visualize`: pictures for the channels that appear in most attribution graphs."""

from __future__ import annotations

import io
import os
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from PIL import Image

from precompute.feature_visualization.config import VisualizationConfig
from precompute.feature_visualization.optimize import (
    ChannelVisualization,
    LayerForward,
    Normalize,
    VisualizationRequest,
    visualize_channels,
)
from precompute.parallel import Parallel
from precompute.progress import Progress
from precompute.schema import read_table, write_table

__all__ = ["VisualizationReport", "build_visualizations", "choose_channels"]

_KIND = "channel"
_FINGERPRINT = b"fingerprint"
_PART = pa.schema(
    [
        ("layer", pa.string()),
        ("channel", pa.int32()),
        ("kind", pa.string()),
        ("image", pa.binary()),  # null for a dead channel: it need not be tried again
        ("objective_value", pa.float32()),
        ("n_steps", pa.int32()),
        ("initial_objective_value", pa.float32()),
    ]
)


@dataclass(frozen=True)
class VisualizationReport:
    """What came of it, for the manifest.

    Attributes:
        n_pictures: rows written.
        n_dead_channels: chosen channels without a picture because their objective never rose, for layers with any.
    """

    n_pictures: int
    n_dead_channels: Mapping[str, int]


class _Channel(NamedTuple):
    layer: str
    channel: int


def build_visualizations(
    run: Path,
    config: VisualizationConfig,
    forwards: Mapping[str, LayerForward],
    normalize: Normalize,
    progress: Progress,
) -> VisualizationReport:
    """Draws the channels of most graphs and writes the table `feature_visualizations`.

    Reads `attribution_graph_nodes`. Every finished batch is kept in the run's `parts/visualize` until the table is
    written, so that an interrupted call goes on where it stopped; pictures of another config are drawn again. The
    caller empties that folder when the model itself has changed.

    Args:
        run: the run's directory.
        config: how many channels, and how they are drawn.
        forwards: for every recorded layer, in order from the input, the model up to it.
        normalize: from RGB in [0, 1] to model input.
        progress: told of every finished picture.

    Raises:
        InputError: the run has no attribution graphs.
        ValueError: a graph has a layer without a forward.
    """
    chosen = choose_channels(run, config.n_channels, tuple(forwards))
    parts = _Parts(run / "parts" / "visualize", config)
    done = parts.read()
    device = torch.device(config.device)

    def draw(batch: tuple[str, tuple[int, ...]]) -> dict[_Channel, dict[str, Any]]:
        layer, channels = batch
        request = VisualizationRequest(forwards[layer], normalize, layer, channels, config, device)
        return parts.write(layer, list(visualize_channels(request)))

    batches = list(_batches([key for key in chosen if key not in done], config.batch_size))
    with (
        Parallel(device, config.threads) as parallel,
        progress.stage("Drawing channels", total=len(chosen), unit="pictures") as advance,
    ):
        advance(sum(key in done for key in chosen))
        for drawn in parallel.map(draw, batches):
            done |= drawn
            advance(len(drawn))
    rows = [done[key] for key in chosen]
    live = [row for row in rows if row["image"] is not None]
    write_table(run, "feature_visualizations", {name: [row[name] for row in live] for name in _PART.names})
    parts.remove()
    return VisualizationReport(len(live), dict(Counter(row["layer"] for row in rows if row["image"] is None)))


def choose_channels(run: Path, n_channels: int, layers: Sequence[str]) -> list[_Channel]:
    """The channels that appear in most attribution graphs, in order of layer and channel.

    Ties go to the greater activation_count over those graphs, then the earlier layer, then the lower channel.

    Args:
        run: the run's directory.
        n_channels: how many at most.
        layers: all layers, in order from the input.

    Raises:
        InputError: the run has no attribution graphs.
        ValueError: a graph has a layer that is not in `layers`.
    """
    nodes = read_table(run, "attribution_graph_nodes", ["layer", "channel", "activation_count"])
    nodes = nodes.set_column(0, "layer", nodes["layer"].cast(pa.string()))
    totals = nodes.group_by(["layer", "channel"]).aggregate([([], "count_all"), ("activation_count", "sum")])
    place = {layer: i for i, layer in enumerate(layers)}
    unknown = set(totals["layer"].to_pylist()) - set(place)
    if unknown:
        raise ValueError(f"no forward for the layers {', '.join(sorted(unknown))}")
    ranked = sorted(
        (-row["count_all"], -row["activation_count_sum"], place[row["layer"]], row["channel"])
        for row in totals.to_pylist()
    )
    return [_Channel(layers[i], channel) for i, channel in sorted(row[2:] for row in ranked[:n_channels])]


def _batches(channels: Collection[_Channel], batch_size: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Layer by layer, at most `batch_size` channels at a time."""
    by_layer: dict[str, list[int]] = {}
    for layer, channel in channels:
        by_layer.setdefault(layer, []).append(channel)
    for layer, members in by_layer.items():
        for first in range(0, len(members), batch_size):
            yield layer, tuple(members[first : first + batch_size])


class _Parts:
    """The finished batches: one small Parquet file each, written atomically, stamped with the config."""

    def __init__(self, folder: Path, config: VisualizationConfig) -> None:
        self._folder = folder
        self._config = config
        self._schema = _PART.with_metadata({_FINGERPRINT: config.fingerprint.encode()})

    def read(self) -> dict[_Channel, dict[str, Any]]:
        """The rows of every batch that this config finished; damaged files and those of other configs are ignored."""
        rows: dict[_Channel, dict[str, Any]] = {}
        for path in sorted(self._folder.glob("*.parquet")):
            try:
                table = pq.read_table(path)
            except (pa.ArrowInvalid, OSError):
                continue
            if (table.schema.metadata or {}).get(_FINGERPRINT) == self._config.fingerprint.encode():
                rows |= {_Channel(row["layer"], row["channel"]): row for row in table.to_pylist()}
        return rows

    def write(self, layer: str, batch: Sequence[ChannelVisualization]) -> dict[_Channel, dict[str, Any]]:
        """Keeps one batch; returns its rows."""
        rows = [self._row(layer, result) for result in batch]
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{quote(layer, safe='')}-{batch[0].channel}.parquet"
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            pq.write_table(pa.Table.from_pylist(rows, schema=self._schema), temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        return {_Channel(layer, row["channel"]): row for row in rows}

    def remove(self) -> None:
        """Empties the folder, once the table holds all of it."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _row(self, layer: str, result: ChannelVisualization) -> dict[str, Any]:
        return {
            "layer": layer,
            "channel": result.channel,
            "kind": _KIND,
            "image": None if result.is_dead else _encode(result.picture, self._config.webp_quality),
            "objective_value": result.objective_value,
            "n_steps": result.n_steps,
            "initial_objective_value": result.initial_objective_value,
        }


def _encode(picture: NDArray[np.uint8], quality: int) -> bytes:
    """WebP of an RGB picture `(height, width, 3)`."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "WEBP", quality=quality)
    return buffer.getvalue()
