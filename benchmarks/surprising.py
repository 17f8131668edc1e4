"""The surprising channels of the demo against its ground truth: what the marked channels react to.

Run as `python -m benchmarks.surprising RUN`, on a demo run. Every image of every class is drawn again without each of
its parts. A channel reacts to the part without which most of the images that used it use it no longer.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from precompute.contract.schema import ALL_CLASSES
from precompute.demo.model import RECORDED_LAYERS
from precompute.demo.scenes import CLASSES, DISCRIMINABLE, Variation
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore
from summit_dash.run.surprising import find_surprising
from tests.support.demo_parts import WHOLE, draw_class, find_strongest, record_greatest

MOST, FALLS = 0.5, 0.25
"""Shares that count as a reaction: of the images that stop using a channel, and of its activation that is lost."""
COLOUR, NOTHING = "colour of the fur", "scenery alone"

Greatest = dict[str, dict[str, NDArray[np.float32]]]
"""Greatest activations, (image, channel), by what is left out ("", a part, a colour, everything) and layer."""


def record_class(class_id: int) -> Greatest:
    """Records a class's images as they are, without each part, in the other bear's fur, and without the object."""
    entry = CLASSES[class_id]
    changes = {"": WHOLE, **{part: Variation(exclude={part}) for part in entry.parts}, NOTHING: Variation(include=())}
    bears = {
        DISCRIMINABLE.class_a: DISCRIMINABLE.attribute_b,
        DISCRIMINABLE.class_b: DISCRIMINABLE.attribute_a,
    }
    if class_id in bears:
        changes[COLOUR] = Variation(attribute=bears[class_id])
    return {name: record_greatest(draw_class(class_id, change)) for name, change in changes.items()}


def name_cause(greatest: Greatest, channel: Channel, kin: Sequence[int]) -> str:
    """Names what a class's use of a channel depends on, by whether its kin have it too."""
    used = {name: find_strongest(found[channel.layer])[:, channel.channel] for name, found in greatest.items()}
    lost = {name: 1 - (used[""] & without).sum() / used[""].sum() for name, without in used.items()}
    whole, colour = lost.pop(NOTHING), lost.pop(COLOUR, 0)
    part = max(lost, key=lambda name: lost[name])
    if colour >= max(MOST, lost[part]):
        return COLOUR
    if lost[part] >= MOST:
        is_theirs = any(part in CLASSES[class_id].parts for class_id in kin)
        return "a part that kin have too, drawn in another way" if is_theirs else "a part that no kin has"
    return "the object, no single part" if whole >= MOST else NOTHING


def count_objects(greatest: dict[int, Greatest], store: RunStore, class_id: int, channel: Channel) -> tuple[int, int]:
    """Counts the foreign best examples of a channel, and those in which it reacts to the object of the other class."""
    n_objects, n = 0, 0
    group, per_class = store.classes[class_id].group, store.n_images // len(store.classes)
    for example in store.pictures.list_examples(channel, ALL_CLASSES):
        owner, place = divmod(example.image_id or 0, per_class)
        if store.classes[owner].group == group:
            continue
        found = {name: layers[channel.layer][place, channel.channel] for name, layers in greatest[owner].items()}
        n, n_objects = n + 1, n_objects + (min(found.values()) <= (1 - FALLS) * found[""])
    return n_objects, n


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="a demo run with all its images")
    store = RunStore(parser.parse_args().run)
    greatest = {entry.class_id: record_class(entry.class_id) for entry in CLASSES}
    ids, signals, causes, objects = list(store.classes), Counter[str](), Counter[str](), Counter[str]()
    layers = Counter[str]()
    for class_id in ids:
        found = find_surprising(store, class_id)
        signals["channels of graphs"] += len(store.graph(class_id).nodes)
        for each in found.channels:
            layers[each.channel.layer] += 1
            signals["marked"] += 1
            signals["both signals"] += bool(each.odd and each.foreign)
            if each.odd:
                signals["odd among their kin"] += 1
                causes[name_cause(greatest[class_id], each.channel, [ids[row] for row in found.kin.rows])] += 1
            if each.foreign:
                signals["foreign"] += 1
                n_objects, n = count_objects(greatest, store, class_id, each.channel)
                objects["most show an object of another group" if 2 * n_objects > n else "most do not"] += 1
    print("Channels:", dict(signals))
    print("By layer:", {layer: layers[layer] for layer in RECORDED_LAYERS})
    print("Odd, the class's use depends on:", dict(causes.most_common()))
    print("Foreign, best examples:", dict(objects))


if __name__ == "__main__":
    main()
