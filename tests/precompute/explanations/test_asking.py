"""`precompute.explain`, the image lab in Python."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import precompute
from precompute.contract.errors import InputError


def test_the_same_image_in_every_form_has_the_same_answer(small_run: Path) -> None:
    path = small_run.parent / "images" / "bark" / "0.png"
    forms = [path, str(path), path.read_bytes(), Image.open(path), 0]
    answers = precompute.explain(small_run, forms, methods=["gradient"])
    assert len({answer.score for answer in answers}) == 1 and len(answers) == 5
    (alone,) = precompute.explain(small_run, path, methods=["gradient"], target="bark", against="moss")
    assert alone.maps[0].raw is not None and alone.maps[0].raw.shape == (3, 24, 24)
    assert alone.predictions[0]["name"] in {"bark", "moss", "sand"}


def test_what_is_no_image_is_named(small_run: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.png"):
        precompute.explain(small_run, "gone.png")
    with pytest.raises(InputError, match="Found float"):
        precompute.explain(small_run, [1.5])
    with pytest.raises(AttributeError, match="explian"):
        precompute.explian  # noqa: B018
