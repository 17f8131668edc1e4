"""The questions that a page asks of a run's model."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from precompute.contract.errors import InputError
from precompute.contract.schema import read_manifest, read_table, write_manifest
from precompute.contract.writing import write_table
from precompute.explanations import answers
from precompute.explanations.opened import OpenedRun, open_run_once
from precompute.explanations.target import Target
from precompute.models.graph.probabilities import rank_outputs
from tests.support.live_run import write_image


class Told:
    """Notes what a function reports."""

    def __init__(self) -> None:
        self.parts: list[Any] = []

    def __call__(self, n_done: int, n_total: int, part: Any = None) -> None:
        self.parts.append(part)


@pytest.fixture(scope="module")
def opened(live_run: Path) -> OpenedRun:
    return open_run_once(live_run)


def test_a_prediction_has_the_probabilities_of_the_model(opened: OpenedRun, live_run: Path) -> None:
    told = Told()
    content = write_image()
    answer = answers.predict(str(live_run), content, told)
    _, pixels = opened.prepare(content)
    logits = opened.explainer.compute_logits(pixels)
    assert answer["outputs"][0]["output"] == int(rank_outputs(logits)[0, 0])
    assert answer["outputs"][0]["probability"] == pytest.approx(float(logits.softmax(1).max()))
    assert told.parts == [answer["picture"]] and answer["size"] == (96, 96)
    assert np.asarray(Image.open(io.BytesIO(answer["picture"]))).shape == (96, 96, 3)


def test_maps_arrive_one_by_one_and_methods_that_do_not_apply_say_why(
    opened: OpenedRun, live_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = answers.find_methods()
    some = {name: known[name] for name in ("simple_taylor", "lrp", "deep_taylor", "grad_cam")}
    monkeypatch.setattr(answers, "find_methods", lambda: some)
    told = Told()
    content = write_image()
    answer = answers.explain(str(live_run), content, (3, 4), "one_pass", {"preset": "epsilon"}, told)
    maps = {part["name"]: part for part in told.parts if part}
    assert list(maps) == ["grad_cam", "simple_taylor", "deep_taylor"], "a layer's map is there first"
    assert "one class against another" in maps["deep_taylor"]["problem"].found
    assert maps["simple_taylor"]["map"].shape == (96, 96) and maps["simple_taylor"]["error"] is not None
    _, pixels = opened.prepare(content)
    assert answer["score"] == pytest.approx(float(opened.explainer.compute_scores(pixels, [Target(3, 4)])[0]))
    for outputs, words in (((99, None), "There is no 99"), ((3, 3), "the same twice")):
        with pytest.raises(InputError, match=words):
            answers.explain(str(live_run), content, outputs, "one_pass", {}, told)
    with pytest.raises(InputError, match="one_pass, lrp"):
        answers.explain(str(live_run), content, (3, 4), "nothing", {}, told)


def test_a_setting_changes_the_maps_of_its_part(live_run: Path) -> None:
    content = write_image()

    def explain(preset: str) -> np.ndarray:
        told = Told()
        answers.explain(str(live_run), content, (3, None), "lrp", {"preset": preset}, told)
        maps: np.ndarray = told.parts[-1]["map"]
        return maps

    plain, signed = explain("epsilon_plus_flat"), explain("alpha2_beta1")
    assert not np.allclose(plain, signed)
    np.testing.assert_array_equal(plain, explain("epsilon_plus_flat"))


def test_own_images_are_drawn_by_number(live_run: Path) -> None:
    told = Told()
    answers.draw(str(live_run), [0, 5], told)
    assert [number for number, _ in told.parts] == [0, 5]
    assert Image.open(io.BytesIO(told.parts[0][1])).size == (96, 96)


def test_brought_images_are_drawn_small_and_what_is_no_image_is_left_out(live_run: Path) -> None:
    told, wide = Told(), io.BytesIO()
    Image.new("RGB", (640, 320), "red").save(wide, "PNG")
    answers.draw_brought(str(live_run), [("upload-1", b"text"), ("upload-2", wide.getvalue())], told)
    (first, nothing), (second, picture) = told.parts
    assert (first, nothing, second) == ("upload-1", b"", "upload-2")
    assert Image.open(io.BytesIO(picture)).size == (192, 96)


def test_a_job_that_is_cancelled_ends_within_a_method_and_the_next_one_is_served(live_run: Path) -> None:
    calls: list[int] = []

    def stop(n_done: int, n_total: int, part: Any = None) -> None:
        calls.append(n_done)
        if calls.count(0) == 3:  # in the midst of a method that runs the model many times
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answers.explain(str(live_run), write_image(), (None, None), "smoothgrad", {}, stop)
    told = Told()
    answers.predict(str(live_run), write_image(), told)
    assert told.parts


def test_a_question_in_the_middle_of_a_long_one_changes_neither_answer(live_run: Path) -> None:
    image, other = write_image(), write_image()

    def ask(part: str, content: bytes, between: answers.Report) -> list[Any]:
        maps: list[Any] = []

        def note(n_done: int, n_total: int, found: Any = None) -> None:
            between(n_done, n_total, found)
            maps.extend([] if found is None or "map" not in found else [found["map"]])

        answers.explain(str(live_run), content, (3, None), part, {"samples": "3"}, note)
        return maps

    short, long = ask("lrp", other, Told()), ask("smoothgrad", image, Told())
    inner: list[list[Any]] = []

    def ask_in_between(n_done: int, n_total: int, found: Any = None) -> None:
        if len(inner) < 2:
            inner.append([])
            inner[-1] = ask("lrp", other, Told())

    np.testing.assert_array_equal(ask("smoothgrad", image, ask_in_between), long)
    assert short and len(inner) == 2
    np.testing.assert_array_equal(inner, [short, short])


@pytest.mark.parametrize(
    ("part", "entry", "value", "words"),
    [
        ("model", "weights", "gone.safetensors", "weights gone.safetensors are gone"),
        ("model", "source", "gone.py:build", "gone.py is gone"),
        ("model", "weights", "cut.safetensors", "cut.safetensors"),
        ("model", "parameters_sha256", "0" * 64, "parameters are others"),
        ("dataset", "source", "gone", "gone does not exist"),
        ("dataset", "source", None, "did not note where"),
        (None, None, None, "has another content by now"),
    ],
)
def test_a_page_is_told_of_what_has_moved_or_changed_without_options_that_it_lacks(
    small_copy: Path, monkeypatch: pytest.MonkeyPatch, part: str | None, entry: str, value: str | None, words: str
) -> None:
    monkeypatch.chdir(small_copy)
    (small_copy / "cut.safetensors").write_bytes(b"\x10\0\0\0")
    manifest = read_manifest(small_copy)
    if part is None:
        rows = read_table(small_copy, "images").to_pydict()
        write_table(small_copy, "images", rows | {"true_probability": [1 - p for p in rows["true_probability"]]})
    else:
        manifest[part][entry] = value
    write_manifest(small_copy, manifest)
    with pytest.raises(InputError, match=words) as caught:
        answers.predict(str(small_copy), 0, Told())
    shown = caught.value.write_for_page()
    assert "--" not in str(shown) and "make the run again" in shown.fix.lower()
