from __future__ import annotations

import json
from typing import Any

import pytest

from summit_dash.payloads.keys import build_payload
from summit_dash.payloads.misclassified import MOST
from summit_dash.run.graphs import Channel
from summit_dash.run.misclassified import list_misclassified
from summit_dash.run.store import RunStore
from summit_dash.run.text import format_percent


def test_wrong_images_come_with_what_they_were_taken_for_and_how_probable_it_was(store: RunStore) -> None:
    payload = build_payload(store, "misclassified/3")
    assert payload is not None
    json.dumps(payload, allow_nan=False)
    listed = list_misclassified(store, 3)
    assert (payload["n"], payload["n_wrong"]) == (200, len(listed))
    assert [image["image_id"] for image in payload["images"]] == [each.image_id for each in listed][:MOST]
    for image, each in zip(payload["images"], listed, strict=False):
        assert image["taken_for"] == list(each.taken_for) and image["name"] is None
        assert abs(image["probability"] - each.predicted_probability) < 1e-3
        assert 0 <= image["true_probability"] <= image["probability"]


def test_images_that_the_run_holds_are_shown_whole_and_others_by_an_example(part_store: RunStore) -> None:
    payload = build_payload(part_store, "misclassified/3")
    assert payload is not None
    images = payload["images"]
    kept = part_store.pictures.kept_examples.images
    kinds = {image["picture"] and image["picture"]["kind"] for image in images}
    assert "image" in kinds
    assert payload["n_pictures"] == sum(image["picture"] is not None for image in images)
    for image in images:
        picture = image["picture"]
        assert kept.holds(image["image_id"]) == (picture is not None and picture["kind"] == "image")
        if picture and picture["kind"] == "part":
            owner = -1 if picture["owner"] == "all" else picture["owner"]
            channel = Channel(picture["layer"], picture["channel"])
            assert part_store.pictures.read_example(channel, owner, picture["rank"]) is not None


def test_an_output_that_means_no_class_of_the_run_has_its_name(store: RunStore) -> None:
    payload = build_payload(RunStore(store.path, only={3}), "misclassified/3")
    assert payload is not None
    assert {(image["output"], image["name"]) for image in payload["images"]} == {
        (output, store.classes[output].class_name) for output in {image["output"] for image in payload["images"]}
    }


def read_buttons(payload: dict[str, Any]) -> list[dict[str, Any]]:
    few = next(block["few"] for block in payload["blocks"] if isinstance(block, dict))
    return [attributes for _, attributes, *_ in few["blocks"]]


def test_blocks_show_each_picture_and_name_the_rest(part_store: RunStore) -> None:
    payload = build_payload(part_store, "misclassified/3")
    assert payload is not None
    pictured = [image for image in payload["images"] if image["picture"]]
    buttons = read_buttons(payload)
    assert [button["data-image"] for button in buttons] == [str(image["image_id"]) for image in pictured]
    assert [button["data-large"] for button in buttons] == [str(place) for place in range(len(pictured))]
    first = pictured[0]
    said = part_store.classes[first["taken_for"][0]].short_name
    own = format_percent(first["true_probability"])
    words = (
        f"{first['path']}: taken for {said}, probability {format_percent(first['probability'])}; its own class {own}."
    )
    assert buttons[0]["aria-label"] == words
    is_part = first["picture"]["kind"] == "part"
    assert buttons[0]["data-tip"].endswith("the part of it that the run keeps.") == is_part
    *_, paths = payload["blocks"]
    assert len(paths["few"]["blocks"]) == len(payload["images"]) - len(pictured)
    words = json.dumps(payload["blocks"])
    assert ("wrong images have a picture in this run" in words) == (len(pictured) < payload["n_wrong"])


def test_a_class_without_wrong_images_has_no_blocks(part_store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("summit_dash.payloads.misclassified.list_misclassified", lambda store, class_id: [])
    payload = build_payload(part_store, "misclassified/3")
    assert payload is not None and payload["blocks"] == []
