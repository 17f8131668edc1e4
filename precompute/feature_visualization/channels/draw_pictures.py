"""Drawing of a run's missing pictures, batch by batch, into its table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import torch

from precompute.contract.errors import InputError
from precompute.contract.progress import Progress
from precompute.contract.schema import locate_table, read_table
from precompute.devices.batches import BatchSize
from precompute.devices.cores import Parallel
from precompute.feature_visualization.ascent.config import DIVERSITY, VisualizationConfig
from precompute.feature_visualization.ascent.image_statistics import (
    ImageStatistics,
    measure_statistics,
    read_example_images,
)
from precompute.feature_visualization.ascent.objective import view_as_maps
from precompute.feature_visualization.ascent.optimize import (
    ChannelVisualization,
    LayerForward,
    VisualizationRequest,
    visualize_channels,
)
from precompute.feature_visualization.channels.choice import Channel, choose_channels, split_into_batches
from precompute.feature_visualization.channels.drawing import Drawing
from precompute.feature_visualization.channels.time_limit import order_batches_by_rank
from precompute.feature_visualization.storage.batches import draw_batches
from precompute.feature_visualization.storage.picture_store import PictureKey, PictureStore
from precompute.feature_visualization.storage.stored import decode_batch, encode_picture

__all__ = [
    "LayerForward",
    "VisualizationConfig",
    "VisualizationReport",
    "build_visualizations",
    "draw_pictures",
    "list_table_kinds",
    "read_statistics",
]


@dataclass(frozen=True)
class VisualizationReport:
    """The result of one call.

    Attributes:
        n_drawn: number of pictures that were drawn.
        n_left: number of pictures for which there was no time.
        n_there: number of pictures that the run had already, drawn with the same settings, or known to be dead.
        dead: channels that were found dead: their objective never rose above its start.
        facts: the manifest's `visualizations`, for all pictures of the run.
    """

    n_drawn: int
    n_left: int
    n_there: int
    dead: tuple[PictureKey, ...]
    facts: Mapping[str, Any]


class _Batch(NamedTuple):
    layer: str
    channels: tuple[int, ...]
    kind: str

    @property
    def n_pictures(self) -> int:
        """The number of the table's rows that the batch makes."""
        return len(self.channels) * len(list_table_kinds(self.kind))


def build_visualizations(run: Path, drawing: Drawing, n_channels: int, progress: Progress) -> VisualizationReport:
    """Draws the channels of most graphs: the stage `visualize`.

    Reads `attribution_graph_nodes`, and `dataset_examples` and `channels` if they exist. The caller empties the run's
    `parts/visualize` when the model itself has changed.

    Args:
        run: the run's directory.
        drawing: model and settings.
        n_channels: greatest number of channels.
        progress: informed of every finished picture.

    Raises:
        InputError: the run has no attribution graphs.
        ValueError: a graph has a layer that is not among the drawing's.
    """
    chosen = choose_channels(run, n_channels, drawing.layers)
    if drawing.limit is None:  # all will be drawn: sorting by layer fills the batches, which have one layer each
        layer_index = {layer: i for i, layer in enumerate(drawing.layers)}
        chosen.sort(key=lambda channel: (layer_index[channel.layer], channel.channel))
    return draw_pictures(run, drawing, chosen, progress=progress)


def draw_pictures(
    run: Path, drawing: Drawing, channels: Sequence[Channel], kinds: Sequence[str] = ("channel",), *, progress: Progress
) -> VisualizationReport:
    """Draws the pictures that the run does not have yet with these settings, and keeps all others.

    Every finished batch is stored at once. Twice a minute all of them go into the table `feature_visualizations`. A
    call after an interruption continues at the first batch that is missing.

    Args:
        run: the run's directory; the caller holds its lock.
        drawing: model and settings.
        channels: channels in descending order of importance.
        kinds: some of `channel`, `neuron`, `negative`, `diversity`.
        progress: informed of every finished picture.

    Raises:
        InputError: the method is MaCo, and the run has no images.
    """
    config = drawing.config
    statistics = read_statistics(run, drawing.layers, config)
    name = config.compute_fingerprint(statistics.fingerprint)
    settings = {name: {**config.settings, "n_images": statistics.n_images}}
    store = PictureStore(run, drawing.layers, drawing.facts, drawing.note)
    known = store.find_known({name, *(other.compute_fingerprint(statistics.fingerprint) for other in drawing.same)})
    sizes = BatchSize(config.batch_size, torch.device(config.device), drawing.bytes_each)
    drawer = _Drawer(drawing, statistics, name, _read_maxima(run), sizes)
    batches = [batch for kind in kinds for batch in _find_missing_batches(drawing, kind, (channels, known), sizes.size)]
    n_all = len(channels) * sum(len(list_table_kinds(kind)) for kind in kinds)
    n_missing = sum(batch.n_pictures for batch in batches)
    limit = drawing.limit
    draw: Callable[[_Batch], Iterable[list[dict[str, Any]]]] = drawer
    if limit is not None:
        draw = limit.apply(drawer, lambda batch: limit.estimate_work(batch.layer, batch.n_pictures))
    until = "" if limit is None else f", for {limit.seconds:,.0f} s at most"
    n_done, dead = 0, list[PictureKey]()
    with (
        Parallel(torch.device(config.device), config.threads) as parallel,
        progress.open_stage(f"Drawing channels{until}", total=n_all, unit="pictures") as advance,
    ):
        advance(n_all - n_missing)
        for rows in draw_batches(store, draw, batches, settings, parallel):
            dead += [PictureKey(row["layer"], row["channel"], row["kind"]) for row in rows if row["image"] is None]
            n_done += len(rows)
            advance(len(rows))
    n_drawn = n_done - len(dead)
    return VisualizationReport(n_drawn, n_missing - n_done, n_all - n_missing, tuple(sorted(dead)), store.facts)


def _find_missing_batches(
    drawing: Drawing, kind: str, wanted: tuple[Sequence[Channel], set[PictureKey]], most: int
) -> list[_Batch]:
    """Finds the missing batches of a kind, in the order in which they are drawn.

    Args:
        drawing: with its limit.
        kind: of the pictures.
        wanted: channels, and the pictures that are there.
        most: pictures of a batch.
    """
    channels, known = wanted
    missing = [c for c in channels if not {PictureKey(*c, k) for k in list_table_kinds(kind)} <= known]
    size = max(1, most // len(list_table_kinds(kind)))
    if drawing.limit is None:
        found = split_into_batches(missing, size)
    else:
        found = order_batches_by_rank(missing, drawing.layers, replace(drawing.config, batch_size=size), drawing.limit)
    return [_Batch(layer, members, kind) for layer, members in found]


def list_table_kinds(kind: str) -> tuple[str, ...]:
    """Lists the kinds in the table that a kind of picture makes: four for `diversity`, one for others."""
    return tuple(f"diversity-{n}" for n in range(DIVERSITY)) if kind == "diversity" else (kind,)


def read_statistics(run: Path, layers: tuple[str, ...], config: VisualizationConfig) -> ImageStatistics:
    """Reads the statistics of the run's own images; of ImageNet, as published, if it has none.

    Raises:
        InputError: the method is MaCo, which needs images, and the run has none.
    """
    images = read_example_images(run, layers, config.shape)
    if len(images) > 1:
        found = measure_statistics(images)
        # Other methods do not read the magnitude, so it must not change their fingerprint.
        return found if config.method == "maco" else replace(found, magnitude=None)
    if config.method == "maco":
        raise InputError(
            "MaCo takes the magnitude of its spectrum from the run's images, which its dataset examples show.",
            f"{run} has no dataset examples.",
            "Run the stage examples first, or use --method fourier.",
        )
    return ImageStatistics()


def _read_maxima(run: Path) -> dict[tuple[str, int], float]:
    """Reads the max_activation of every channel; empty if the run has no table of channels."""
    if not locate_table(run, "channels").is_file():
        return {}
    table = read_table(run, "channels", ["layer", "channel", "max_activation"])
    layers = table["layer"].cast(pa.string()).to_pylist()
    keys = zip(layers, table["channel"].to_pylist(), strict=True)
    return dict(zip(keys, table["max_activation"].to_pylist(), strict=True))


@dataclass(frozen=True)
class _Drawer:
    """A function that draws a batch, in parts that fit into memory, and yields the rows of each."""

    drawing: Drawing
    statistics: ImageStatistics
    settings: str
    maxima: Mapping[tuple[str, int], float]
    sizes: BatchSize

    def __call__(self, batch: _Batch) -> Iterator[list[dict[str, Any]]]:
        each = len(list_table_kinds(batch.kind))
        return self.sizes.run(lambda some: self._draw(batch._replace(channels=some)), batch.channels, each=each)

    def _draw(self, batch: _Batch) -> list[dict[str, Any]]:
        config = self.drawing.config
        device = torch.device(config.device)
        request = VisualizationRequest(
            self.drawing.forward(batch.layer, batch.kind),
            self.drawing.normalize,
            batch.layer,
            batch.channels,
            config,
            device,
            batch.kind,
            self.statistics,
            self.drawing.step_forward and self.drawing.step_forward(batch.layer, batch.kind),
        )
        results = list(visualize_channels(request))
        images = [None if one.is_dead else encode_picture(one.picture, config.webp_quality) for one in results]
        live = [image for image in images if image is not None]
        excited = iter(self._compute_excitations(batch.layer, [r.channel for r in results if not r.is_dead], live))
        return [
            self._build_row(batch.layer, result, image, None if image is None else next(excited))
            for result, image in zip(results, images, strict=True)
        ]

    @torch.no_grad()
    def _compute_excitations(self, layer: str, channels: Sequence[int], images: Sequence[bytes]) -> list[float | None]:
        """Computes the excitation by stored pictures, in units of the channel's best dataset example; None: unknown."""
        if not images:
            return []
        device = torch.device(self.drawing.config.device)
        colours = decode_batch(images, device)[:, : len(self.statistics.colour)]
        maps = view_as_maps(self.drawing.forward(layer, "channel")(self.drawing.normalize(colours)))
        greatest = maps[range(len(images)), list(channels)].amax(dim=(1, 2)).tolist()
        best = [self.maxima.get((layer, channel), 0.0) for channel in channels]
        return [value / most if most > 0 else None for value, most in zip(greatest, best, strict=True)]

    def _build_row(
        self, layer: str, result: ChannelVisualization, image: bytes | None, excitation: float | None
    ) -> dict[str, Any]:
        return {
            "layer": layer,
            "channel": result.channel,
            "kind": result.kind,
            "image": image,
            "objective_value": result.objective_value,
            "n_steps": result.n_steps,
            "initial_objective_value": result.initial_objective_value,
            "excitation": excitation,
            "settings": self.settings,
        }
