"""Questions of a page to a run's model: what becomes of a class without some channels, with these alone, without each.

Asked as the questions of `precompute.explanations.answers`: a function of plain arguments with a plain answer, in a
process that keeps the model.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledImage
from precompute.contract.nodes import Nodes
from precompute.contract.schema import read_manifest
from precompute.faithfulness.asking import Ablated, Mode, Report, open_ablated, require_mode
from precompute.faithfulness.intervals import compute_wilson_interval
from precompute.faithfulness.outcomes import Outcomes, Prover
from precompute.faithfulness.singles import build_single_rows, plan_singles
from precompute.faithfulness.trials import Trial
from precompute.models.graph.probabilities import rank_outputs

__all__ = ["ablate", "ablate_each"]

_MOST_IMAGES = 50
"""Images of the class that are run, the first ones."""
_OF_MEANS = 320
"""Images of all classes over which means are taken, about."""
_AT_ONCE = 4
"""Images between two reports, after which a job can be cancelled."""
_CHANNELS_AT_ONCE = 16
"""Channels that are removed one by one between two reports."""
_MOST_PICTURES = 24
_THUMBNAIL = 144


def ablate(run: str, class_id: int, channels: Sequence[str], mode: Mode, report: Report) -> dict[str, Any]:
    """Runs images of a class untouched, and with channels removed or kept alone, by their mean.

    Args:
        run: the run's folder.
        class_id: of the images.
        channels: names such as `mixed4d-346`.
        mode: `remove` or `keep`; layers of which no channel is given are left as they are.
        report: takes the images done, all of them, and a picture, `(image_id, JPEG)`, of an image whose prediction
            changed, as it is drawn.

    Returns:
        `n_images`, `n_of_class`, `n_of_means`; `before` and `after`, each the accuracy with the ends of its interval;
        `log_probability`, the mean change of the logarithm of the class's probability; `changed`, images whose
        prediction changed, those that became wrong first, each with `image_id`, `path`, `before`, `after`, `was_right`
        and `is_right`.

    Raises:
        InputError: an unknown mode; a class or a channel that is not of the run; model or images are gone or others.
    """
    require_mode(mode)
    report(0, 1, None)
    opened = open_ablated(Path(run))
    found_class = opened.find_class(class_id)
    chosen = opened.choose_images(found_class, None, _MOST_IMAGES)
    sizes, masks = opened.build_masks(found_class, channels)
    of_means = opened.choose_for_means(_MOST_IMAGES, _OF_MEANS)
    trial = Trial(None, "given", mode, sizes)
    outcomes: list[Outcomes] = []
    best: list[torch.Tensor] = []
    with opened.open_prover("mean", of_means, report) as prover:
        for first in range(0, len(chosen), _AT_ONCE):
            some = chosen[first : first + _AT_ONCE]
            for batch in opened.read(found_class, some):
                logits = prover.compute_logits(batch, [trial], masks)
                opened.require_same(found_class, some, logits[:, 0])
                outcomes.append(prover.judge(logits, opened.outputs[found_class]))
                best.append(rank_outputs(logits.flatten(0, 1))[:, 0].view(logits.shape[:2]))
            report(first + len(some), len(chosen), None)
    right = np.concatenate([each.is_right for each in outcomes])
    logarithms = np.concatenate([each.log_probability for each in outcomes])
    named = _name_outputs(opened, torch.cat(best))
    changed = [_describe(*each) for each in zip(chosen, named, right.tolist(), strict=True) if len({*each[1]}) > 1]
    changed.sort(key=lambda each: each["was_right"] <= each["is_right"])  # stable
    by_id = {image.image_id: image for image in chosen}
    for each in changed[:_MOST_PICTURES]:
        picture = each["image_id"], _draw(opened, by_id[each["image_id"]])
        report(len(chosen), len(chosen), picture)
    return {
        "n_images": len(chosen),
        "n_of_class": len(opened.images[found_class]),
        "n_of_means": sum(map(len, of_means.values())),
        "before": _measure(right[:, 0]),
        "after": _measure(right[:, 1]),
        "log_probability": float((logarithms[:, 1] - logarithms[:, 0]).mean()),
        "changed": changed,
    }


def ablate_each(run: str, class_id: int, channels: Sequence[str], report: Report) -> dict[str, Any]:
    """Runs images of a class with each of some channels removed alone, by its mean.

    Args:
        run: the run's folder.
        class_id: of the images.
        channels: names such as `mixed4d-346`.
        report: takes the answers done and all of them, one for each image and channel.

    Returns:
        `n_images`, `n_of_class`, `n_of_means`; `alone`, by channel the accuracy lost with the ends of its interval, the
        fall of the logarithm of the class's probability, and the number of images, as `single_channels` has them.

    Raises:
        InputError: a class or a channel that is not of the run; model or images are gone or others.
    """
    report(0, 1, None)
    opened = open_ablated(Path(run))
    found_class = opened.find_class(class_id)
    chosen = opened.choose_images(found_class, None, _MOST_IMAGES)
    opened.build_masks(found_class, channels)  # refuses what is no channel
    nodes = Nodes([(layer.name, layer.n_channels) for layer in opened.layers])
    named = [each.rpartition("-") for each in channels]
    numbers = sorted({*nodes.number_channels([(layer, int(channel)) for layer, _, channel in named]).tolist()})
    of_means = opened.choose_for_means(_MOST_IMAGES, _OF_MEANS)
    with opened.open_prover("mean", of_means, report) as prover:
        rows = _remove_each(opened, prover, (found_class, chosen), (nodes, numbers), report)
    columns = ("accuracy_lost", "ci_low", "ci_high", "log_probability_lost", "n_images")
    return {
        "n_images": len(chosen),
        "n_of_class": len(opened.images[found_class]),
        "n_of_means": sum(map(len, of_means.values())),
        "alone": {f"{row['layer']}-{row['channel']}": [row[name] for name in columns] for row in rows},
    }


def _remove_each(
    opened: Ablated,
    prover: Prover,
    of_class: tuple[int, Sequence[LabelledImage]],
    of_channels: tuple[Nodes, Sequence[int]],
    report: Report,
) -> list[dict[str, Any]]:
    """Removes channels one by one from images of a class, and returns rows as those of `single_channels`."""
    (class_id, chosen), (nodes, numbers) = of_class, of_channels
    starts = range(0, len(numbers), _CHANNELS_AT_ONCE)
    found: list[list[Outcomes]] = [[] for _ in starts]
    for first in range(0, len(chosen), _AT_ONCE):
        some = chosen[first : first + _AT_ONCE]
        for batch in opened.read(class_id, some):
            for place, start in enumerate(starts):
                trials, masks = plan_singles(class_id, numbers[start : start + _CHANNELS_AT_ONCE], nodes)
                logits = prover.compute_logits(batch, trials, masks)
                opened.require_same(class_id, some, logits[:, 0])
                found[place].append(prover.judge(logits, opened.outputs[class_id]))
                n_done = first * len(numbers) + len(some) * min(start + _CHANNELS_AT_ONCE, len(numbers))
                report(n_done, len(chosen) * len(numbers), None)
    rows = []
    for start, outcomes in zip(starts, found, strict=True):
        right = np.concatenate([each.is_right for each in outcomes])
        logarithms = np.concatenate([each.log_probability for each in outcomes])
        rows += build_single_rows(class_id, numbers[start : start + _CHANNELS_AT_ONCE], right, logarithms, nodes)
    return rows


def _describe(image: LabelledImage, names: tuple[str, str], right: Sequence[bool]) -> dict[str, Any]:
    facts = {"image_id": image.image_id, "path": image.path, "before": names[0], "after": names[1]}
    return facts | {"was_right": right[0], "is_right": right[1]}


def _measure(right: np.ndarray[Any, np.dtype[np.bool_]]) -> tuple[float, float, float]:
    """Returns an accuracy and the ends of its interval."""
    accuracy = float(right.mean())
    low, high = compute_wilson_interval(accuracy, len(right))
    return accuracy, float(low), float(high)


def _name_outputs(opened: Ablated, best: torch.Tensor) -> list[tuple[str, str]]:
    """Names the predictions before and after, `(image, 2)`: by the class that an output means, or as the model does."""
    stated = read_manifest(opened.path)["model"].get("output_names") or []
    means = {output: opened.names[class_id] for class_id, outputs in opened.outputs.items() for output in outputs}

    def name(output: int) -> str:
        known = stated[output] if output < len(stated) else None
        return means.get(output) or known or f"output {output}"

    return [(name(before), name(after)) for before, after in best.tolist()]


def _draw(opened: Ablated, image: LabelledImage) -> bytes:
    """Draws a small picture of an image, as JPEG."""
    try:
        picture = opened.source.load(image, opened.preprocess.background)
    except Exception as problem:  # it was read a moment ago
        raise InputError(
            "The images of a class are read again.", f"{image.path}: {problem}.", "Ask again."
        ) from problem
    picture.thumbnail((_THUMBNAIL, _THUMBNAIL))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=88)
    return file.getvalue()
