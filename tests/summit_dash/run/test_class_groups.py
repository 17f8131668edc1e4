from __future__ import annotations

from pathlib import Path

import pytest

from precompute.contract.writing import write_table
from summit_dash.payloads.overview import build_overview
from summit_dash.run.class_groups import group_classes
from summit_dash.run.store import ClassInfo, RunStore
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run


def _make_class(class_id: int, group: str | None, top1: float | None = None, n: int = 10) -> ClassInfo:
    return ClassInfo(class_id, f"class {class_id}", None, n, top1, None, None, group)


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    options = SyntheticRun(n_classes=16, n_groups=4, ungrouped=(3, 9), without_accuracy=(0, 1, 2))
    return RunStore(write_synthetic_run(tmp_path_factory.mktemp("runs") / "grouped", options))


def test_groups_go_by_name_and_the_ungrouped_come_last() -> None:
    classes = [_make_class(0, None), _make_class(1, "Zebras"), _make_class(2, "ants", n=5), _make_class(3, "Zebras")]
    groups = group_classes({info.class_id: info for info in classes})
    assert [(g.name, g.class_ids) for g in groups] == [("ants", (2,)), ("Zebras", (1, 3)), ("Other", (0,))]


def test_a_group_called_other_is_not_the_ungrouped() -> None:
    groups = group_classes({0: _make_class(0, None), 1: _make_class(1, "Other"), 2: _make_class(2, "plants")})
    assert [(g.group, g.name) for g in groups] == [("Other", "Other"), ("plants", "plants"), (None, "Other")]


def test_without_groups_there_is_nothing_to_fold() -> None:
    assert group_classes({0: _make_class(0, None)}) == []
    assert group_classes({}) == []


def test_every_class_is_under_one_group(grouped: RunStore) -> None:
    overview = build_overview(grouped)
    places = dict(zip(overview["classes"]["id"], overview["classes"]["group"], strict=True))
    names = overview["groups"]["names"]
    for class_id, info in grouped.classes.items():
        assert names[places[class_id]] == (info.group or "Other")
    assert overview["groups"]["rest"] == [name == "Other" for name in names]


@pytest.mark.parametrize(
    ("n_classes", "n_groups", "shown", "folded"),
    [(12, 3, False, False), (13, 3, True, False), (13, 1, False, False), (61, 4, True, True)],
)
def test_how_the_groups_begin(tmp_path: Path, n_classes: int, n_groups: int, shown: bool, folded: bool) -> None:
    options = SyntheticRun(n_classes=n_classes, n_groups=n_groups, layers=(("conv1", 4), ("conv2", 4)), n_images=4)
    groups = build_overview(RunStore(write_synthetic_run(tmp_path / "run", options)))["groups"]
    assert (groups["shown"], groups["folded"], len(groups["names"])) == (shown, folded, n_groups)


def test_a_run_without_groups_has_none(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=4, ungrouped=range(4)))
    assert build_overview(RunStore(run))["groups"] is None


def test_a_number_that_is_none_is_no_accuracy(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=4))
    columns = {c: [None] * 2 for c in ("synset", "probability_histogram")}
    numbers = {"class_id": [0, 1], "n_images": [0, 5], "top1_accuracy": [float("nan"), 0.5], "group": [" ", "a"]}
    write_table(run, "classes", {**columns, **numbers, "class_name": ["x", "y"], "top5_accuracy": [float("nan"), None]})
    store = RunStore(run)
    assert (store.classes[0].top1_accuracy, store.classes[0].top5_accuracy) == (None, None)
    assert [info.group for info in store.classes.values()] == [None, "a"]
