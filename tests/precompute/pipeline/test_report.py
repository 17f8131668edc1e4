"""The report at the end of a run, from what its manifest holds."""

from __future__ import annotations

from precompute.pipeline.report import build_report


def test_a_run_without_the_pass_has_no_numbers() -> None:
    report = build_report({"stages": {}}, (), ("converted",))
    assert (report.n_images, report.top1_accuracy, report.n_with_accuracy) == (None, None, None)
    assert report.skipped == {}
    assert report.notes == ("converted",)


def test_notes_on_labels_come_after_those_on_the_model() -> None:
    images = {"n_read": 7, "skipped": {"a.png": "truncated"}, "top1_accuracy": 0.5, "label_notes": ["Shifted by one."]}
    report = build_report({"images": images}, ("moss",), ("converted",))
    assert report.notes == ("converted", "Shifted by one.")
    assert (report.n_images, report.skipped, report.without_outputs) == (7, {"a.png": "truncated"}, ("moss",))
