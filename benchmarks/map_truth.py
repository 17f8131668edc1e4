"""Truth of maps on the demo: `python -m benchmarks.map_truth --per-class 20 --out FILE`.

The demo's scenes are drawn, so the pixels of their objects are known. For every method: the *mass*, which is the share
of positive relevance inside the object, and the *pointing game*, whether the greatest value lies there (Zhang et al.
2018, section 4), beside random maps and an edge detector. Relevance may rightly lie outside: background speaks for a
class too. FILE keeps every figure; a call that is interrupted goes on where it stopped. Scene by scene every class has
its turn, so that any beginning is of all classes; `--share 1/2` and `--share 2/2` divide the scenes between two
processes that write to the same FILE. It ends with the table as Markdown.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.map_quality import append_whole, choose_share, find_applicable, open_run
from precompute.contract.errors import InputError
from precompute.contract.map_quality import BASELINES, EDGES, RANDOM
from precompute.demo.images import SPLIT_SEEDS, DemoImages
from precompute.demo.masks import find_object
from precompute.explanations.explainer import Explainer
from precompute.explanations.method import Method
from precompute.explanations.metrics.baselines import draw_random_maps, find_edges
from precompute.explanations.metrics.bootstrap import estimate_mean
from precompute.explanations.metrics.subject import fit_maps
from precompute.explanations.registry import find_methods
from precompute.explanations.target import Target


def measure_truth(maps: Tensor, mask: Tensor) -> tuple[float, float]:
    """Computes mass and pointing game of one map `(height, width)`; NaN where no relevance is positive."""
    positive = maps.double().clamp_min(0)
    total = float(positive.sum())
    if not total > 0:
        return float("nan"), float("nan")
    return float((positive * mask).sum()) / total, float(mask.flatten()[maps.argmax()])


def explain_scene(
    explainer: Explainer, methods: list[Method], image: Tensor, target: Target, points: int, seed: int
) -> dict[str, Tensor]:
    """Computes the maps of all methods and baselines of one image, each `(height, width)`."""
    size = (image.shape[2], image.shape[3])
    maps = {RANDOM: draw_random_maps(1, size, seed)[0], EDGES: find_edges(image)[0]}
    for method in methods:
        options = {"max_points": points} if method.name == "integrated_gradients" else None
        try:
            found = method.flatten(method.explain(explainer, image, [target], options).map)
        except InputError:  # this image alone, such as one whose score is below 0
            found = torch.full((1, *size), torch.nan)
        maps[method.name] = fit_maps(found, size)[0]
    return maps


def print_table(path: Path) -> None:
    """Prints the means with intervals and n."""
    figures: dict[str, dict[int, tuple[float, float, float]]] = {}
    for line in path.read_text().splitlines():
        number, name, mass, pointing, area = json.loads(line)
        known = [float("nan") if value is None else value for value in (mass, pointing)]
        figures.setdefault(name, {})[number] = (known[0], known[1], area)
    titles = {name: method.title for name, method in find_methods().items()} | dict(BASELINES)
    print("| method | mass inside the object | pointing game | n |\n|---|---|---|---|")
    for name in (*BASELINES, *find_methods()):
        values = np.array(list(figures.get(name, {}).values()))
        if not len(values):
            continue
        cells = []
        for column in (0, 1):
            found = estimate_mean(values[:, column])
            assert found is not None
            interval = "" if found.ci_low is None else f" ({found.ci_low:.3f} to {found.ci_high:.3f})"
            cells.append(f"{found.value:.3f}{interval}")
        print(f"| {titles[name]} | {' | '.join(cells)} | {int(np.isfinite(values[:, 0]).sum())} |")
    areas = np.array([area for _, _, area in figures[RANDOM].values()])
    print(f"\nThe object has {areas.mean():.3f} of the pixels (mean over {len(areas)} images).")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a run of the demo")
    parser.add_argument("--per-class", type=int, default=20)
    parser.add_argument("--methods", default="all")
    parser.add_argument("--points", type=int, default=64, help="at most, of integrated_gradients")
    parser.add_argument("--share", default="1/1", help="of the scenes, for one of several processes")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    explainer, loaded, _ = open_run(arguments.run, "demo")
    source = DemoImages(arguments.per_class)
    done = (
        {tuple(json.loads(line)[:2]) for line in arguments.out.read_text().splitlines()}
        if arguments.out.exists()
        else set()
    )

    def load(number: int) -> Tensor:
        return loaded.preprocess.build_tensor(loaded.preprocess.prepare_image(source.load(source.images[number]))[None])

    methods = find_applicable(explainer, load(0), arguments.methods)
    scenes = choose_share(list(range(arguments.per_class)), arguments.share)
    for number in (n for scene in scenes for n in range(scene, len(source.images), arguments.per_class)):
        image = source.images[number]
        # By class and scene, so that another number of scenes per class finds what is there.
        key = source.compute_scene_index(image)
        missing = [method for method in methods if (key, method.name) not in done]
        if not missing:
            continue
        mask = torch.from_numpy(find_object(image.class_id, key, seed=SPLIT_SEEDS["held-out"]))
        with explainer.recent:
            maps = explain_scene(explainer, missing, load(number), Target(image.class_id), arguments.points, number)
        lines = []
        for name, found in maps.items():
            mass, pointing = (value if np.isfinite(value) else None for value in measure_truth(found, mask))
            lines.append(json.dumps([key, name, mass, pointing, float(mask.float().mean())]) + "\n")
        append_whole(arguments.out, "".join(lines))
    print_table(arguments.out)


if __name__ == "__main__":
    main()
