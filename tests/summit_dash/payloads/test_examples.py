from __future__ import annotations

from precompute.contract.schema import ALL_CLASSES
from summit_dash.payloads.examples import build_examples
from summit_dash.run.examples import Example
from summit_dash.run.graphs import Channel
from summit_dash.run.predictions import read_predictions
from summit_dash.run.store import RunStore


def test_an_example_says_what_its_image_is_and_what_it_was_taken_for(store: RunStore) -> None:
    examples = store.pictures.list_examples(Channel("conv3", 5), ALL_CLASSES)
    built = build_examples(store, examples)
    predictions = read_predictions(store, [each.image_id for each in examples if each.image_id is not None])
    assert {len(values) for values in built.values()} == {len(examples)}
    for image_id, image in zip(built["image_id"], built["image"], strict=True):
        known = predictions[image_id]
        assert (image["class"], image["path"], image["right"]) == (known.class_id, known.path, known.is_right)
        assert image["taken_for"] == list(known.taken_for)
        assert (image["name"] is None) == bool(known.taken_for)


def test_an_example_of_an_unknown_image_says_nothing_of_it(store: RunStore) -> None:
    built = build_examples(store, [Example(ALL_CLASSES, 0, None, None, None)])
    assert built == {"rank": [0], "image_id": [None], "activation": [None], "box": [None], "image": [None]}
