"""Confusions by the definition: one image after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

__all__ = ["count_confusions"]


def count_confusions(
    images: Iterable[tuple[int, int]], outputs: Mapping[int, tuple[int, ...]]
) -> tuple[Counter[int], Counter[int], Counter[tuple[int, int]], Counter[tuple[int, int]]]:
    """Counts images by class, wrong ones by class, by class and what they were taken for, and by class and output.

    Args:
        images: class and most probable output of each.
        outputs: the outputs that mean each class.

    Returns:
        The counts; the last holds only outputs that mean no class.
    """
    n_images, n_wrong = Counter[int](), Counter[int]()
    pairs, outside = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
    for class_id, output in images:
        if class_id not in outputs:
            continue
        n_images[class_id] += 1
        if output in outputs[class_id]:
            continue
        n_wrong[class_id] += 1
        meant = [other for other in outputs if output in outputs[other]]
        pairs.update((class_id, other) for other in meant)
        if not meant:
            outside[class_id, output] += 1
    return n_images, n_wrong, pairs, outside
