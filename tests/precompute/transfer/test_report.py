"""The report and the pictures in it: whole documents that need nothing else, with every cut."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from precompute.contract.progress import SilentProgress
from precompute.transfer.compare import compare_cuts
from precompute.transfer.config import TransferConfig
from precompute.transfer.request import TransferRequest
from tests.support.separable import write_separable


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    images, models = write_separable(folder, 8)
    config = TransferConfig(n_folds=2, penalties=(0.1,))
    compare_cuts(TransferRequest(images, tuple(models.values()), folder / "result", config), SilentProgress())
    return folder / "result"


def test_the_report_is_one_file_with_every_cut(out: Path) -> None:
    text = (out / "report.html").read_text(encoding="utf-8")
    HTMLParser().feed(text)
    assert not re.search(r"<script|https?://|src=|href=", text)
    assert text.count('<td class="text">early') == text.count('<td class="text">late') == 3
    assert "prefers-color-scheme: dark" in text
    assert "16 images of 2 classes, each held out once in 2 folds" in text
    assert "n = 16" in text and "n = 6 cuts" in text


def test_the_pictures_are_sound_and_mark_the_advised_cut_once(out: Path) -> None:
    text = (out / "report.html").read_text(encoding="utf-8")
    pictures = [ElementTree.fromstring(found) for found in re.findall(r"<svg.*?</svg>", text, re.DOTALL)]
    assert len(pictures) == 2
    for picture in pictures:
        assert len(picture.findall(".//circle[@class='ring']")) == 1
        assert len(picture.findall(".//g/title")) == 6


def test_tables_are_there_as_csv(out: Path) -> None:
    for name in ("cuts", "class_accuracy"):
        found, expected = pd.read_csv(out / f"{name}.csv"), pd.read_parquet(out / f"{name}.parquet")
        assert list(found.columns) == list(expected.columns)
        assert len(found) == len(expected)
