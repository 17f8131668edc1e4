from __future__ import annotations

from precompute.contract.schema import ALL_CLASSES, read_table
from summit_dash.run.misclassified import find_parts, list_misclassified
from summit_dash.run.store import RunStore


def test_the_wrong_images_of_a_class_are_listed_most_probable_first(store: RunStore) -> None:
    rows = read_table(store.path, "images").to_pylist()
    wrong = {row["image_id"]: row for row in rows if row["class_id"] == 3 and row["predicted_class_id"] != 3}
    found = list_misclassified(store, 3)
    assert {each.image_id for each in found} == set(wrong) and len(found) > 3
    assert [each.predicted_probability for each in found] == sorted(
        (row["predicted_probability"] for row in wrong.values()), reverse=True
    )
    first = found[0]
    row = wrong[first.image_id]
    assert (first.path, first.output, first.taken_for) == (
        row["path"],
        row["predicted_class_id"],
        (row["predicted_class_id"],),
    )
    assert first.true_probability == row["true_probability"]


def test_an_output_that_means_no_class_of_the_run_is_kept(store: RunStore) -> None:
    some = RunStore(store.path, only={3})
    found = list_misclassified(some, 3)
    assert [each.output for each in found] == [each.output for each in list_misclassified(store, 3)]
    assert {each.taken_for for each in found} == {()}


def test_a_part_of_an_image_is_an_example_that_shows_most_of_it(store: RunStore) -> None:
    rows = read_table(store.path, "dataset_examples").to_pylist()
    mine = [row for row in rows if row["class_id"] in (3, ALL_CLASSES)]
    image_ids = sorted({row["image_id"] for row in mine})[:40]
    parts = find_parts(store, 3, image_ids)
    assert set(parts) <= set(image_ids) and len(parts) > 5
    in_graphs = {node.channel for class_id in store.classes for node in store.graph(class_id).nodes}
    own = {node.channel for node in store.graph(3).nodes}
    for image_id, part in parts.items():
        areas = {
            (row["layer"], row["channel"], row["class_id"], row["rank"]): (row["x1"] - row["x0"])
            * (row["y1"] - row["y0"])
            for row in mine
            if row["image_id"] == image_id
        }
        key = (part.channel.layer, part.channel.channel, part.example.class_id, part.example.rank)
        shown = [other for other in areas if _is_in(other, in_graphs if other[2] == ALL_CLASSES else own)]
        assert key in shown and areas[key] == max(areas[other] for other in shown)
        assert store.pictures.read_example(part.channel, part.example.class_id, part.example.rank) is not None


def _is_in(key: tuple[str, int, int, int], channels: set) -> bool:
    return any((channel.layer, channel.channel) == key[:2] for channel in channels)


def test_images_without_an_example_have_no_part(store: RunStore) -> None:
    assert find_parts(store, 3, []) == {} and find_parts(store, 3, [10**6]) == {}
