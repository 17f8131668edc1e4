"""The quality of every method's maps on a run's images: `python -m benchmarks.map_quality RUN --n 100 --out FILE`.

Images are spread evenly over the run's, and measured one at a time; FILE keeps every figure of every image, so that a
call that is interrupted goes on where it stopped, and a later one adds methods. It ends with the table as Markdown;
`--plot FILE.svg` draws it. One thread computes, since operators on a few images are too small for two. `--share 1/2`
and `--share 2/2` divide the images between two processes that write to the same FILE.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.contract.schema import read_manifest
from precompute.datasets.images import ImageSource
from precompute.datasets.reopening import open_again
from precompute.explanations.explainer import Explainer
from precompute.explanations.input_range import InputRange
from precompute.explanations.method import Method
from precompute.explanations.metrics.selectivity import Removal
from precompute.explanations.quality import METRICS, Measurement, QualityConfig, measure_quality
from precompute.explanations.quality_plot import draw_comparison
from precompute.explanations.quality_table import summarize
from precompute.explanations.registry import find_methods
from precompute.explanations.target import choose_target
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.sources.loaded import LoadedModel
from precompute.models.sources.reloading import load_again

TRIAL = {"integrated_gradients": {"max_points": 20}, "smoothgrad": {"samples": 1}, "occlusion": {"stride": 32}}
"""Options under which methods are tried on a model, so that this is quick."""


def open_run(run: Path, images: str | None) -> tuple[Explainer, LoadedModel, ImageSource]:
    """Opens a run's model, ready to be explained, and its images."""
    manifest = read_manifest(run)
    loaded = load_again(manifest)
    exported = ExportedModel(loaded.module, tuple(manifest["model"]["input_size"]))
    layers = select_layers(exported, manifest["layers"])
    explainer = Explainer(
        exported, InputRange.from_preprocess(loaded.preprocess), {layer.name: layer.node for layer in layers}
    )
    return explainer, loaded, open_again(run, manifest, images)


def choose_images(n_all: int, n: int) -> list[int]:
    """Chooses numbers spread evenly, in an order in which any beginning is spread as well as chance has it."""
    chosen = [position * n_all // n for position in range(min(n, n_all))]
    random.Random(0).shuffle(chosen)
    return chosen


def choose_share(chosen: list[int], share: str) -> list[int]:
    """Chooses what one of several processes measures, such as "1/2" for the first of two."""
    which, of = (int(number) for number in share.split("/"))
    if not 1 <= which <= of:
        raise SystemExit(f"A share is 1/N to N/N. Found {share}.")
    return chosen[which - 1 :: of]


def find_applicable(explainer: Explainer, image: Tensor, wanted: str) -> list[Method]:
    """Finds the methods that apply to a model; the others are printed with the reason."""
    found = []
    for name, method in find_methods().items():
        if wanted != "all" and name not in wanted.split(","):
            continue
        try:
            method.explain(explainer, image, [choose_target(explainer.compute_logits(image)[0])], TRIAL.get(name))
        except InputError as refusal:
            print(f"{name} does not apply: {refusal}", flush=True)
        else:
            found.append(method)
    return found


def read_measured(path: Path) -> dict[tuple[int, str, str], float]:
    """Reads the figures that there are, by image, method and metric."""
    found: dict[tuple[int, str, str], float] = {}
    for line in path.read_text().splitlines() if path.is_file() else ():
        image, method, metric, value = json.loads(line)
        found.setdefault((image, method, metric), math.nan if value is None else value)
    return found


def list_missing(chosen: list[int], methods: list[Method], path: Path) -> Iterator[tuple[int, list[Method]]]:
    """Yields images with the methods that have no figures of them."""
    known = {(image, method) for image, method, _ in read_measured(path)}
    for image in chosen:
        missing = [method for method in methods if (image, method.name) not in known]
        if missing:
            yield image, missing


def write_measured(path: Path, image: int, measured: list[Measurement]) -> None:
    """Adds the figures of an image in one write, so that several processes may add to the same file."""
    lines = []
    for each in measured:
        (value,) = each.values
        lines.append(json.dumps([image, each.method, each.metric, value if math.isfinite(value) else None]) + "\n")
    append_whole(path, "".join(lines))


def append_whole(path: Path, text: str) -> None:
    """Adds text to a file by one call of the system, which other processes cannot divide."""
    with path.open("ab", buffering=0) as file:
        file.write(text.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--images", help="where the run's images are, if its manifest does not say so")
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--methods", default="all")
    parser.add_argument("--metrics", default="error,selectivity", help=f"some of {','.join(METRICS)}")
    parser.add_argument("--steps", type=int, default=28)
    parser.add_argument("--points", type=int, default=64, help="at most, of integrated_gradients")
    parser.add_argument("--share", default="1/1", help="of the images, for one of several processes")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    explainer, loaded, source = open_run(arguments.run, arguments.images)

    def load(number: int) -> Tensor:
        picture = loaded.preprocess.prepare_image(source.load(source.images[number], loaded.preprocess.background))
        return loaded.preprocess.build_tensor(picture[None])

    metrics, removal = tuple(arguments.metrics.split(",")), Removal(steps=arguments.steps)
    options = {"integrated_gradients": {"max_points": arguments.points}}
    chosen = choose_share(choose_images(len(source.images), arguments.n), arguments.share)
    methods = find_applicable(explainer, load(0), arguments.methods)
    for number, missing in list_missing(chosen, methods, arguments.out):
        image = load(number)
        target = choose_target(explainer.compute_logits(image)[0])
        config = QualityConfig(metrics, removal, n_random=1, seed=number)  # a random order of its own for each image
        with explainer.recent:
            measured = measure_quality(explainer, image, [target], missing, config, options)
        write_measured(arguments.out, number, measured)
        print(f"image {number}: {', '.join(method.name for method in missing)}", flush=True)
    figures = read_measured(arguments.out)
    order = {name: rank for rank, name in enumerate(("random", "edges", *find_methods()))}
    rows = sorted(figures.items(), key=lambda item: order.get(item[0][1], 99))
    table = summarize(Measurement(method, metric, (value,)) for (_, method, metric), value in rows)
    titles = {name: method.title for name, method in find_methods().items()}
    print(table.to_markdown(titles))
    if arguments.plot:
        arguments.plot.write_text(draw_comparison(table, titles))


if __name__ == "__main__":
    main()
