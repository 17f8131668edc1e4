from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from precompute.schema import write_table
from summit_dash.class_groups import group_classes
from summit_dash.selection import Selection
from summit_dash.store import ClassInfo, RunStore
from summit_dash.stores import Stores, complete
from summit_dash.views.compare import build_facts, build_options
from summit_dash.views.graph import build_class
from summit_dash.views.sidebar import build_group_rows, build_group_tools, build_layout, build_rows
from tests.synthetic_run import SyntheticRun, write_synthetic_run


def _class(class_id: int, group: str | None, top1: float | None = None, n: int = 10) -> ClassInfo:
    return ClassInfo(class_id, f"class {class_id}", None, n, top1, None, None, group)


def _text(component: Any) -> str:
    return json.dumps(component, default=lambda c: c.to_plotly_json(), ensure_ascii=False, allow_nan=False)


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    options = SyntheticRun(n_classes=16, n_groups=4, ungrouped=(3, 9), without_accuracy=(0, 1, 2))
    return RunStore(write_synthetic_run(tmp_path_factory.mktemp("runs") / "grouped", options))


def test_groups_go_by_name_and_the_ungrouped_come_last() -> None:
    classes = [_class(0, None), _class(1, "Zebras"), _class(2, "ants", n=5), _class(3, "Zebras")]
    groups = group_classes({info.class_id: info for info in classes})
    assert [(g.name, g.class_ids, g.n_images) for g in groups] == [
        ("ants", (2,), 5),
        ("Zebras", (1, 3), 20),
        ("Other", (0,), 10),
    ]


def test_the_mean_is_over_the_classes_that_have_an_accuracy() -> None:
    classes = [_class(0, "a", 0.5), _class(1, "a", None), _class(2, "a", 0.75), _class(3, "b", None)]
    a, b = group_classes({info.class_id: info for info in classes})
    assert (a.mean_top1, a.n_known) == (0.625, 2)
    assert (b.mean_top1, b.n_known) == (None, 0)


def test_a_group_called_other_is_not_the_ungrouped() -> None:
    groups = group_classes({0: _class(0, None), 1: _class(1, "Other"), 2: _class(2, "plants")})
    assert [(g.group, g.name) for g in groups] == [("Other", "Other"), ("plants", "plants"), (None, "Other")]


def test_without_groups_there_is_nothing_to_fold() -> None:
    assert group_classes({0: _class(0, None)}) == []
    assert group_classes({}) == []


def test_every_class_is_under_one_header(grouped: RunStore) -> None:
    heads = {row["id"]: row for row in build_group_rows(grouped)}
    assert [head["name"] for head in heads.values()] == ["birds of prey 1", "cats 1", "dogs 1", "songbirds 1", "Other"]
    assert [head["last"] for head in heads.values()] == [False] * 4 + [True]
    for row in build_rows(grouped):
        assert row["id"] in heads[row["group"]]["classes"]
    assert sum(head["n"] for head in heads.values()) == grouped.n_images


@pytest.mark.parametrize(
    ("n_classes", "n_groups", "shown", "folded"),
    [(12, 3, False, False), (13, 3, True, False), (13, 1, False, False), (61, 4, True, True)],
)
def test_how_the_groups_begin(tmp_path: Path, n_classes: int, n_groups: int, shown: bool, folded: bool) -> None:
    options = SyntheticRun(n_classes=n_classes, n_groups=n_groups, layers=(("conv1", 4), ("conv2", 4)), n_images=4)
    tools = build_group_tools(RunStore(write_synthetic_run(tmp_path / "run", options)))
    assert tools is not None
    start = json.loads(tools.to_plotly_json()["props"]["data-start"])
    assert (start["shown"], start["folded"], len(start["names"])) == (shown, folded, n_groups)


def test_the_picker_lists_classes_under_their_groups(grouped: RunStore) -> None:
    options = build_options(grouped)
    assert [each["group"] for each in options][-1] == "Other"
    assert sum(len(each["items"]) for each in options) == 16


def test_a_number_that_is_none_is_no_accuracy(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=4))
    columns = {c: [None] * 2 for c in ("synset", "probability_histogram")}
    numbers = {"class_id": [0, 1], "n_images": [0, 5], "top1_accuracy": [float("nan"), 0.5], "group": [" ", "a"]}
    write_table(run, "classes", {**columns, **numbers, "class_name": ["x", "y"], "top5_accuracy": [float("nan"), None]})
    store = RunStore(run)
    assert (store.classes[0].top1_accuracy, store.classes[0].top5_accuracy) == (None, None)
    assert [info.group for info in store.classes.values()] == [None, "a"]


def test_labels_that_are_no_outputs_say_so_and_are_never_a_number(bare_store: RunStore) -> None:
    info = bare_store.classes[0]
    for words in map(_text, (build_class(info, bare_store), build_facts(info), build_layout(Stores([bare_store])))):
        assert "not the model's outputs" in words
        for wrong in ("NaN", "None", "0.0 %"):
            assert wrong not in words


def test_orders_by_accuracy_need_an_accuracy(bare_store: RunStore, grouped: RunStore) -> None:
    assert _text(build_layout(Stores([bare_store]))).count('"aria-disabled": "true"') == 2
    assert "aria-disabled" not in _text(build_layout(Stores([grouped])))
    asked = Selection(sort="accuracy-up")
    assert complete(asked, Stores([bare_store])).sort == "similarity"
    assert complete(asked, Stores([grouped])).sort == "accuracy-up"
