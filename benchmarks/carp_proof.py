"""The planted hand of the carp, proven: `python -m benchmarks.carp_proof RUN` on a run of the demo.

A hand channel is one of the recorded layers whose greatest value falls most, as a share, when a carp's scene is drawn
without the hand: the ground truth of the drawing, and not the graph. Some of each layer are removed, and as many at
random; on scenes as they are, and on the same scenes without the hand. Intervals are Wilson's, over images.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from precompute.demo.scenes import Variation, draw_scene
from precompute.faithfulness.asking import Ablated, open_ablated
from precompute.faithfulness.intervals import compute_wilson_interval
from precompute.faithfulness.outcomes import Prover
from precompute.faithfulness.replacement import list_tokens
from precompute.faithfulness.trials import ClassPlan, Masks, Trial
from precompute.models.graph.probabilities import rank_outputs

HAND = ("hand",)


def draw(opened: Ablated, class_id: int, numbers: range, parts: tuple[str, ...]) -> Tensor:
    """Draws scenes without some parts, `(image, channel, height, width)`, preprocessed."""
    scenes = [draw_scene(class_id, n, variation=Variation(exclude=parts)).image for n in numbers]
    seen = np.stack([opened.preprocess.prepare_image(scene) for scene in scenes])
    return opened.preprocess.build_tensor(seen)


def find_hand_channels(opened: Ablated, whole: Tensor, without: Tensor) -> list[np.ndarray]:
    """Ranks the channels of each layer by the share of their greatest value that the hand gives, as a mean."""
    orders = []
    with torch.inference_mode():
        values = [opened.model.record(images)[1] for images in (whole, without)]
    for index, layout in enumerate(opened.model.layouts):
        greatest = [list_tokens(of[index], layout).amax(2).clamp_min(0).mean(0) for of in values]
        scale = greatest[0].max()
        fall = (greatest[0] - greatest[1]) / scale  # of channels that matter at all
        orders.append(np.argsort(-fall.numpy(), kind="stable"))
    return orders


def describe(right: Tensor) -> str:
    n, accuracy = len(right), float(right.float().mean())
    low, high = compute_wilson_interval(accuracy, n)
    return f"{accuracy:.1%} [{low:.1%}, {high:.1%}]"


def run_trials(prover: Prover, images: Tensor, masks: Masks, trials: list[Trial], output: int) -> Tensor:
    """Runs images; returns whether each is right, `(image, 1 + trial)`."""
    logits = torch.cat([prover.compute_logits(batch, trials, masks) for batch in images.split(16)])
    best = rank_outputs(logits.flatten(0, 1))[:, 0]
    return (best == output).view(logits.shape[:2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--n", type=int, default=200, help="scenes")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sizes", default="1,2,4,8", help="hand channels of each layer")
    arguments = parser.parse_args()
    opened = open_ablated(arguments.run)
    class_id = opened.find_class("carp")
    (output,) = opened.outputs[class_id]
    # Scenes beyond those of the run: the channels are chosen on others than they are removed on.
    chosen, tried = range(1000, 1050), range(2000, 2000 + arguments.n)
    orders = find_hand_channels(opened, draw(opened, class_id, chosen, ()), draw(opened, class_id, chosen, HAND))
    n_channels = [len(order) for order in orders]
    masks = Masks(ClassPlan(class_id, {"hand": orders}), n_channels, 0)
    scenes = {"with the hand": draw(opened, class_id, tried, ()), "without it": draw(opened, class_id, tried, HAND)}
    print(f"{arguments.n} scenes; the first hand channels of each layer:")
    for layer, order in zip(opened.layers, orders, strict=True):
        print(f"  {layer.name}: {', '.join(map(str, order[:8].tolist()))}")
    with opened.open_prover("mean", opened.choose_for_means(20)) as prover:
        for size in map(int, arguments.sizes.split(",")):
            sizes = tuple(min(size, n) for n in n_channels)
            trials = [Trial(None, "hand", "remove", sizes)]
            trials += [Trial(None, "", "random", sizes, repeat) for repeat in range(arguments.repeats)]
            for name, images in scenes.items():
                right = run_trials(prover, images, masks, trials, output)
                random = float(right[:, 2:].float().mean())
                print(
                    f"{size} of each layer, {name}: untouched {describe(right[:, 0])}, without the hand channels "
                    f"{describe(right[:, 1])}, without as many at random {random:.1%}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
