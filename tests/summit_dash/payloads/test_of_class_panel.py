from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from summit_dash.payloads.keys import build_payload
from summit_dash.payloads.of_class_panel import build_class_panel
from summit_dash.run.find_class import find_classes
from summit_dash.run.store import RunStore


def test_the_prototypes_of_a_class_come_with_what_they_reach(store: RunStore) -> None:
    payload = build_class_panel(store, 0)
    assert [each["method"] for each in payload["prototypes"]] == ["code-space", "picture-space"]
    code, picture = payload["prototypes"]
    assert code["log_probability"] == pytest.approx(-0.03) and code["initial_log_probability"] == -4
    assert (code["generator"], code["code_size"], code["penalty"]) == ("Decoder", 64, 0.001)
    assert (picture["generator"], picture["penalty"]) == (None, 10.0)


def test_a_class_without_prototypes_has_the_command_that_makes_them(store: RunStore, bare_store: RunStore) -> None:
    for of, class_id in ((store, 2), (bare_store, 0)):
        payload = build_class_panel(of, class_id)
        assert payload["prototypes"] == []
        assert payload["command"] == f"summit-dash prototypes {of.path.name}"


def test_its_examples_are_its_own_images_each_once(store: RunStore) -> None:
    payload = build_payload(store, "class/3/panel")
    assert payload is not None
    examples = payload["examples"]
    assert len(set(examples["image_id"])) == len(examples["rank"]) == 10
    last = [node.channel for node in store.graph(3).nodes if node.channel.layer == "conv5"]
    shown = set(zip(examples["layer"], examples["channel"], strict=True))
    assert shown <= {(channel.layer, channel.channel) for channel in last}
    assert all(image["path"] for image in examples["image"])


def test_a_class_that_is_not_there_is_told(store: RunStore) -> None:
    with pytest.raises(InputError, match="no class 99"):
        build_payload(store, "class/99/panel")


def test_a_list_of_classes_has_ranges_and_names_each_once(store: RunStore) -> None:
    first, *_, last = store.classes.values()
    found = find_classes(store.classes, f"1-3; {last.class_name};2;0 - 0")
    assert [info.class_id for info in found] == [1, 2, 3, last.class_id, first.class_id]
    for text, said in (("40-50", "from 40 to 50"), (" ; ", "None is named"), ("gryphon", "gryphon")):
        with pytest.raises(InputError) as caught:
            find_classes(store.classes, text)
        assert said in caught.value.found
