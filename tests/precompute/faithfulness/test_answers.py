"""The question of a page: a class without channels, or with these alone."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import precompute
from precompute.contract.errors import InputError
from precompute.faithfulness import answers
from precompute.faithfulness.answers import ablate, ablate_each
from precompute.faithfulness.asking import open_ablated

THIRD = [f"third-{channel}" for channel in range(16)]


class Reports:
    """The reports of a question; the one of a number is refused, as when it is cancelled."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.found: list[tuple[int, int, Any]] = []
        self._stop_at = stop_at

    def __call__(self, n_done: int, n_total: int, part: Any = None) -> None:
        self.found.append((n_done, n_total, part))
        if len(self.found) == self._stop_at:
            raise KeyboardInterrupt

    @property
    def pictures(self) -> dict[int, bytes]:
        return dict(part for _, _, part in self.found if part is not None)


def test_the_answer_is_that_of_the_same_ablation_in_python(small_run: Path) -> None:
    reports = Reports()
    found = ablate(str(small_run), 1, THIRD, "remove", reports)
    opened = open_ablated(small_run)
    ids = [image.image_id for image in opened.images[1]]
    expected = precompute.ablate(small_run, 1, THIRD, image_ids=ids, images_per_class=50)
    assert (found["n_images"], found["n_of_class"]) == (len(ids), len(ids))
    assert (found["before"][0], found["after"][0]) == expected.accuracy
    assert found["after"][1:] == expected.interval
    changed = [
        i for i, pair in zip(ids, zip(expected.before, expected.after, strict=True), strict=True) if len({*pair}) > 1
    ]
    assert sorted(each["image_id"] for each in found["changed"]) == changed == sorted(reports.pictures)
    assert all(Image.open(io.BytesIO(picture)).format == "JPEG" for picture in reports.pictures.values())
    for each in found["changed"]:
        assert (each["before"] == opened.names[1]) == each["was_right"]
        assert (each["after"] == opened.names[1]) == each["is_right"]
    n_done = [done for done, total, _ in reports.found if total == len(ids)]
    assert n_done == sorted(n_done) and n_done[-1] == len(ids)


def test_nothing_changes_where_all_channels_are_kept(small_run: Path) -> None:
    reports = Reports()
    found = ablate(str(small_run), 0, THIRD, "keep", reports)
    assert found["before"] == found["after"] and found["changed"] == [] == list(reports.pictures)
    assert found["log_probability"] == 0


def test_it_ends_where_a_report_raises_and_answers_the_next_question(small_run: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        ablate(str(small_run), 0, THIRD, "remove", Reports(2))
    assert ablate(str(small_run), 0, THIRD, "remove", Reports())["n_images"] > 0


def test_what_is_not_of_the_run_is_named(small_run: Path) -> None:
    for class_id, channels, words in ((99, THIRD, "Found 99"), (0, ["fourth-1"], "Found fourth-1")):
        with pytest.raises(InputError, match=words):
            ablate(str(small_run), class_id, channels, "remove", Reports())
    with pytest.raises(InputError, match="Found halve"):
        ablate(str(small_run), 0, THIRD, "halve", Reports())  # type: ignore[arg-type]


def test_each_channel_alone_loses_what_it_loses_when_only_it_is_removed(
    small_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "_CHANNELS_AT_ONCE", 3)  # several reports for the same images
    names = ["third-5", "third-1", "first-0", "third-2", "first-3"]
    reports = Reports()
    found = ablate_each(str(small_run), 1, names, reports)
    assert set(found["alone"]) == set(names) and found["n_images"] == found["n_of_class"]
    for name in names:
        lost, low, high, fall, n = found["alone"][name]
        alone = ablate(str(small_run), 1, [name], "remove", Reports())
        assert lost == pytest.approx(alone["before"][0] - alone["after"][0])
        assert fall == pytest.approx(-alone["log_probability"], abs=1e-6)
        assert low <= lost <= high and n == found["n_images"]
    total = found["n_images"] * len(names)
    n_done = [done for done, of, _ in reports.found if of == total]
    assert n_done == sorted(n_done) and n_done[-1] == total


def test_single_channels_that_are_not_of_the_run_are_named(small_run: Path) -> None:
    with pytest.raises(InputError, match="Found fourth-1"):
        ablate_each(str(small_run), 0, ["fourth-1"], Reports())


def test_means_are_over_a_bounded_number_of_images_of_classes_at_even_distances(small_run: Path) -> None:
    opened = open_ablated(small_run)
    assert {len(chosen) for chosen in opened.choose_for_means(2).values()} == {2}
    assert list(opened.choose_for_means(50, 2)) == [0, 2]
    assert sum(map(len, opened.choose_for_means(50, 6).values())) == 6
