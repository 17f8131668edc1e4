"""Explaining image files into a folder."""

from __future__ import annotations

import csv
import json
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from precompute.contract.errors import InputError
from precompute.explanations import explaining
from precompute.explanations.explain import ExplainConfig
from precompute.explanations.explaining import ExplainRequest, explain_files

CONFIG = ExplainConfig(("gradient", "grad_cam"))


def test_every_image_has_its_maps_figures_and_place_in_the_report(
    live_run: Path, image_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other" / image_file.name
    other.parent.mkdir()
    shutil.copy(image_file, other)
    out = tmp_path / "out"
    found = explain_files(ExplainRequest(live_run, (image_file, other), out, CONFIG))
    assert [facts["name"] for facts in found] == ["noise", "noise-2"]
    assert {path.name for path in out.iterdir()} == {
        "report.html", "figures.csv", "figures.json",
        *(f"{name}.{kind}" for name in ("noise", "noise-2")
          for kind in ("json", "npz", "image.png", "gradient.png", "grad_cam.png")),
    }  # fmt: skip
    with np.load(out / "noise.npz") as maps:
        assert {name: maps[name].ndim for name in maps} == {"gradient": 3, "grad_cam": 2}
    assert json.loads((out / "noise.json").read_text())["target"] == found[0]["target"]
    rows = list(csv.DictReader((out / "figures.csv").read_text().splitlines()))
    assert [(row["image"], row["method"]) for row in rows][:2] == [("noise", "gradient"), ("noise", "grad_cam")]
    report = (out / "report.html").read_text()
    assert report.count("<section>") == 2 and report.count("data:image/png;base64,") == 6


def test_a_second_call_goes_on_and_other_questions_are_answered_again(
    live_run: Path, image_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = explaining.explain_image
    monkeypatch.setattr(explaining, "explain_image", lambda *given: asked.append("") or real(*given))  # type: ignore[func-returns-value]
    for config in (CONFIG, CONFIG, ExplainConfig(("gradient",), wanted="carp")):
        explain_files(ExplainRequest(live_run, (image_file,), tmp_path / "out", config))
    assert len(asked) == 2
    assert json.loads((tmp_path / "out" / "noise.json").read_text())["target"]["name"] == "carp"


def test_a_broken_file_is_named_before_any_is_explained(live_run: Path, image_file: Path, tmp_path: Path) -> None:
    broken, out = tmp_path / "text.png", tmp_path / "out"
    broken.write_text("no image")
    for paths, words in (
        ((image_file, broken), "text.png: This file is no image"),
        ((image_file, tmp_path / "gone.png"), "gone.png"),
        ((), "Found none"),
    ):
        with pytest.raises(InputError, match=words):
            explain_files(ExplainRequest(live_run, paths, out, CONFIG))
    assert not out.exists()


def write_bomb() -> bytes:
    """Writes a small PNG that says that it has 60,000 x 60,000 pixels."""

    def write_chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">II5B", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + write_chunk(b"IHDR", head) + write_chunk(b"IDAT", zlib.compress(b"0" * 99))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("bomb.png", write_bomb(), "Pillow holds safe"),
        ("empty.jpg", b"", "is empty"),
        ("cut.png", b"\x89PNG\r\n\x1a\n", "is no image that Pillow knows"),
    ],
    ids=["bomb", "empty", "cut"],
)
def test_what_cannot_be_decoded_safely_is_refused_by_name(
    small_run: Path, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        explain_files(ExplainRequest(small_run, (file,), tmp_path / "out", CONFIG))
    assert name in caught.value.found and words in caught.value.found
    assert not (tmp_path / "out").exists()


def test_colours_frames_and_orientation_are_read_as_a_run_reads_them(small_run: Path, tmp_path: Path) -> None:
    plain = Image.effect_noise((30, 20), 60).convert("RGB")
    turned = Image.Exif()
    turned[0x0112] = 3  # upside down
    files = {
        "cmyk.tif": lambda path: plain.convert("CMYK").save(path),
        "many.gif": lambda path: plain.save(path, save_all=True, append_images=[plain.rotate(90)]),
        "turned.png": lambda path: plain.rotate(180).save(path, exif=turned),
        "plain.png": lambda path: plain.save(path),
    }
    for name, save in files.items():
        save(tmp_path / name)
    paths = tuple(tmp_path / name for name in files)
    found = explain_files(ExplainRequest(small_run, paths, tmp_path / "out", CONFIG))
    assert [facts["file"] for facts in found] == list(files)
    assert found[2]["score"] == pytest.approx(found[3]["score"], abs=1e-5)


def test_an_image_named_as_the_figures_of_all_does_not_lose_its_own_file(small_run: Path, tmp_path: Path) -> None:
    file = tmp_path / "figures.png"
    Image.effect_noise((24, 24), 60).convert("RGB").save(file)
    (facts,) = explain_files(ExplainRequest(small_run, (file,), tmp_path / "out", CONFIG))
    assert facts["name"] == "figures-2"
    assert json.loads((tmp_path / "out" / "figures-2.json").read_text()) == facts
    assert isinstance(json.loads((tmp_path / "out" / "figures.json").read_text()), list)
