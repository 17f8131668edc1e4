from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from precompute.contract.schema import locate_table, read_manifest, write_manifest
from summit_dash.payloads.keys import build_payload
from summit_dash.payloads.surprising import N_LISTED, build_marks, build_surprising
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore
from summit_dash.run.surprising import find_surprising


def test_the_marks_are_nodes_with_a_sentence_for_each_signal(store: RunStore) -> None:
    payload = build_payload(store, "class/11")
    assert payload is not None
    marks, found = payload["surprising"], find_surprising(store, 11).channels
    assert [mark["node"] for mark in marks] == [each.node for each in found]
    assert [len(mark["reasons"]) for mark in marks] == [each.strength[0] for each in found]
    odd, foreign = marks[0]["reasons"]
    use, sign = found[0].odd, found[0].foreign
    assert use and sign
    assert odd == (
        f"Odd among its kin: {use.n_using} of 200 images of minivan ({use.share:.1%}) use it, but "
        f"{use.n_others_using} of 600 images ({use.others_share:.1%}) of crane, tractor and fire engine, its group."
    ).replace("%", " %")
    assert foreign == (
        f"Foreign: {sign.n_foreign} of its 10 best examples ({sign.n_foreign / 10:.1%}) are images of other groups, "
        f"though {use.n_using} of 200 images of minivan ({use.share:.1%}) use it and only "
        f"{sign.use.n_others_using} of 1,600 images ({sign.use.others_share:.1%}) of these groups."
    ).replace("%", " %")


def test_the_panel_lists_them_with_examples_of_both_sides(store: RunStore) -> None:
    found = build_surprising(store, 11)
    assert found["n_surprising"] == len(found["channels"]) == len(build_marks(store, 11)) <= N_LISTED
    assert found["n_channels"] == len(store.graph(11).nodes)
    assert found["notes"] == [] and "problem" not in found
    for entry in found["channels"]:
        channel = Channel(entry["layer"], entry["channel"])
        assert store.graph(11).nodes[entry["node"]].channel == channel
        assert entry["reasons"] and set(entry["signals"]) <= {"foreign", "odd"}
        assert len(entry["own"]) == 4 and {each["class_id"] for each in entry["own"]} == {11}
        assert entry["others"] and 11 not in {each["class_id"] for each in entry["others"]}
        examples = {each.rank: each for each in store.pictures.list_examples(channel)}
        assert all(examples[each["rank"]].image_id == each["image_id"] for each in entry["others"])


def test_the_addresses_are_those_of_all_other_examples(part_store: RunStore) -> None:
    channels = [Channel("conv4", 7), Channel("conv5", 40)]
    found = part_store.pictures.kept_examples.list_of_class(channels, 3)
    for channel in channels:
        own, best = found[channel]
        assert own == part_store.pictures.list_examples(channel, 3)
        assert best == part_store.pictures.list_examples(channel)


def change(run_path: Path, folder: Path, without: tuple[str, ...] = (), **manifest: Any) -> RunStore:
    """Opens a copy of a run without some tables, with a changed manifest."""
    run = Path(shutil.copytree(run_path, folder))
    for table in without:
        locate_table(run, table).unlink()
    write_manifest(run, {**read_manifest(run), **manifest})
    return RunStore(run)


def test_what_cannot_be_judged_is_said(run_path: Path, tmp_path: Path) -> None:
    imported = build_surprising(change(run_path, tmp_path / "imported", imported={"report": []}), 0)
    assert imported["channels"] == [] and set(imported["problem"]) == {"rule", "found", "fix"}
    without = build_surprising(change(run_path, tmp_path / "without", ("dataset_examples",)), 0)
    assert without["channels"] and "no dataset examples" in without["notes"][0]
    assert all(entry["own"] == entry["others"] == [] for entry in without["channels"])


def test_similar_classes_are_named_as_such_and_a_large_group_is_counted(run_path: Path) -> None:
    ungrouped = RunStore(run_path)
    ungrouped.classes = {i: info._replace(group=None) for i, info in ungrouped.classes.items()}
    reasons = [text for i in range(12) for mark in build_marks(ungrouped, i) for text in mark["reasons"]]
    assert any("the most similar classes." in text for text in reasons)
    assert any("classes far away in the embedding of conv" in text for text in reasons)
    large = RunStore(run_path)
    large.classes = {i: info._replace(group="things") for i, info in large.classes.items()}
    reasons = [text for i in range(12) for mark in build_marks(large, i) for text in mark["reasons"]]
    assert reasons and all("of the 11 other classes of its group, things." in text for text in reasons)
