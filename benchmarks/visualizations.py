"""The cost of a feature visualization: `python -m benchmarks.visualizations [--model FILE.py:build ...]`.

The same channels of one layer, for the same number of steps at the same size, drawn in turn in several ways:

- `plain loop`: one channel at a time as it is commonly written: the whole model with a hook at the layer, gradients of
  all weights, torch's own threads.
- `careful loop`: one channel at a time, the model up to the layer alone, no gradients of weights, one thread.
- `one by one`: as `batched in float32`, with one picture in a batch, on one thread.
- `batched in float32`: a batch at a time on each core.
- `batched`: what `summit-dash visualize` does: the same with steps in bfloat16 where the processor computes in it.

Seconds per picture of wall time and of processor time, medians over the rounds, and ratios within a round, medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from precompute.devices.cores import Parallel
from precompute.feature_visualization.ascent.config import IMAGENET_COLOUR, OptimizationConfig, PlateauConfig
from precompute.feature_visualization.ascent.forwards import Forwards
from precompute.feature_visualization.ascent.optimize import LayerForward, VisualizationRequest, visualize_channels
from precompute.feature_visualization.ascent.parametrization import FourierParametrization, seed_generator
from precompute.feature_visualization.ascent.precision import choose_precision
from precompute.feature_visualization.ascent.transforms import draw_transforms, transform
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.sources.loading import LoadedModel, ModelConfig, load_model

CPU = torch.device("cpu")


def draw_in_plain_loop(loaded: LoadedModel, layer: str, config: OptimizationConfig, channels: range) -> None:
    """Draws one channel at a time with a hook on the whole model, as tutorials do."""
    seen: list[Tensor] = []
    hook = loaded.module.get_submodule(layer).register_forward_hook(
        lambda _module, _inputs, output: seen.append(output)
    )
    loaded.module.requires_grad_(True)
    for channel in channels:
        generator = seed_generator(config.seed, layer, channel)
        parametrization = FourierParametrization(config.shape, IMAGENET_COLOUR, CPU)
        spectrum = parametrization.draw_start(generator)[None].requires_grad_()
        movements = draw_transforms(config.transforms, config.n_steps, generator)
        optimizer = torch.optim.Adam([spectrum], lr=config.step_size)
        for movement in movements:
            optimizer.zero_grad()
            picture = transform(parametrization.render(spectrum), movement[None])
            loaded.module(loaded.preprocess.normalize(picture))
            (-seen.pop()[:, channel].mean()).backward()
            optimizer.step()
    loaded.module.requires_grad_(False)
    loaded.module.zero_grad()
    hook.remove()


def build_eager_forward(model: ExportedModel, layer: str) -> LayerForward:
    """Returns the model up to a layer as it was exported."""
    (recorded,) = select_layers(model, [layer])
    graph, layout = model.build_sub_graph([recorded.node]), model.layouts[recorded.node]
    return lambda batch: layout.view_maps(graph(batch)[0])


def measure(options: argparse.Namespace) -> dict[str, list[tuple[float, float]]]:
    """Returns, for every way of drawing, wall and processor seconds per picture of each round."""
    loaded = load_model(ModelConfig(options.model, options.weights, options.preprocess))
    model = ExportedModel(loaded.module, (3, options.size, options.size))
    config = OptimizationConfig(
        size=options.size, n_steps=options.steps, batch_size=options.batch_size, plateau=PlateauConfig(window=0)
    )
    forwards = Forwards(model, [options.layer], CPU)
    eager, forward = build_eager_forward(model, options.layer), forwards(options.layer)
    precision = choose_precision("auto", forwards, options.layer)
    reduced = forwards.build_in_bfloat16(options.layer) if precision == "bfloat16" else None
    print(f"batched: steps in {precision}")

    def draw(through: LayerForward, first: int, n: int, batch_size: int, step: LayerForward | None = None) -> None:
        channels = tuple(range(first, first + n))
        chosen = replace(config, batch_size=batch_size)
        request = VisualizationRequest(through, loaded.preprocess.normalize, options.layer, channels, chosen)
        list(visualize_channels(replace(request, step_forward=step)))

    def draw_single(through: LayerForward) -> None:
        with Parallel(CPU, 1):
            draw(through, 0, options.single, 1)

    def draw_batched(step: LayerForward | None) -> None:
        size = options.batch_size
        with Parallel(CPU) as parallel:
            firsts = range(0, options.channels, size)
            list(parallel.map(lambda first: draw(forward, first, size, size, step), firsts))

    ways: dict[str, tuple[int, Callable[[], None]]] = {
        "plain loop": (
            options.single,
            lambda: draw_in_plain_loop(loaded, options.module, config, range(options.single)),
        ),
        "careful loop": (options.single, lambda: draw_single(eager)),
        "one by one": (options.single, lambda: draw_single(forward)),
        "batched in float32": (options.channels, lambda: draw_batched(None)),
        "batched": (options.channels, lambda: draw_batched(reduced)),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for repeat in range(options.repeats + 1):
        for name, (n, way) in ways.items():
            wall, before = time.perf_counter(), os.times()
            way()
            after = os.times()
            processor = after.user + after.system - before.user - before.system
            if repeat:  # the first round warms up
                found[name].append(((time.perf_counter() - wall) / n, processor / n))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="demo")
    parser.add_argument("--weights")
    parser.add_argument("--preprocess")
    parser.add_argument("--layer", default="mixed3")
    parser.add_argument("--module", help="path of the module whose output the layer is; by default its name")
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--channels", type=int, default=64, help="drawn in batches, in each round")
    parser.add_argument("--single", type=int, default=8, help="drawn one at a time, in each round")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    options.module = options.module or options.layer
    found = measure(options)
    print(f"{'':20}{'wall s':>10}{'cpu s':>10}{'wall x':>10}{'cpu x':>10}   per picture; x: of batched")
    for name, rounds in found.items():
        walls, processors = zip(*rounds, strict=True)
        ratios = [
            statistics.median(
                mine[which] / batched[which] for mine, batched in zip(rounds, found["batched"], strict=True)
            )
            for which in (0, 1)
        ]
        row = (statistics.median(walls), statistics.median(processors), *ratios)
        print(f"{name:20}" + "".join(f"{value:10.3f}" for value in row))


if __name__ == "__main__":
    main()
