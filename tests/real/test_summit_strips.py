"""Strips made of Summit's published pictures, imported into a run of its published data."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from precompute.contract.errors import InputError
from precompute.contract.progress import SilentProgress
from precompute.contract.schema import ALL_CLASSES
from precompute.feature_visualization.spritemaps.importing import ImportRequest as SheetRequest
from precompute.feature_visualization.spritemaps.importing import import_spritemaps
from precompute.import_summit.importing import ImportRequest, import_summit
from precompute.import_summit.inception import INCEPTION
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore
from tests.support.strips import write_strip
from tests.support.validation import validate

PUBLISHED = Path(__file__).resolve().parents[2] / "../shared/data/summit_published"
PICTURES = PUBLISHED / "data/feature-vis"
LAYER, N_ROWS = "mixed4d", 10

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the folder ../shared/data/summit_published is absent"),
]


def read_picture(channel: int, kind: str) -> Image.Image | None:
    """Reads a published picture of a channel; None if there is none."""
    folder = "dataset-p" if kind.startswith("dataset-p") else kind
    path = PICTURES / folder / f"{LAYER}-{channel}-{kind}.jpg"
    if not path.is_file():
        return None
    with Image.open(path) as image:
        return image.convert("RGB")


def read_example(channel: int, rank: int, is_best: bool) -> Image.Image | None:
    return read_picture(channel, f"dataset-p-{rank}") if is_best else None


def decode(image: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(image)) as opened:
        return np.asarray(opened.convert("RGB"))


@pytest.fixture(scope="module")
def strips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Strips of the whole layer, of ten channels each with the rest in the last, as Distill's are."""
    folder = tmp_path_factory.mktemp("strips")
    n_channels = next(layer.n_channels for layer in INCEPTION if layer.name == LAYER)
    for first in range(0, n_channels, N_ROWS):
        last = min(first + N_ROWS, n_channels)
        path = folder / f"{LAYER}-{first:05d}--{LAYER}-{last - 1:05d}.png"
        write_strip(path, range(first, last), read_picture, read_example)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the graphs alone, without pictures."""
    folder = tmp_path_factory.mktemp("summit")
    (folder / "ag").symlink_to((PUBLISHED / "data/ag").resolve())
    import_summit(ImportRequest(folder, folder / "run"))
    return folder / "run"


def test_strips_bring_back_the_published_pictures(run: Path, strips: Path) -> None:
    names = [path.name for path in sorted(strips.iterdir())]
    report = import_spritemaps(SheetRequest(run, (str(strips),), "summit"), SilentProgress())
    assert [sheet.source.path.name for sheet in report.sheets] == names and len(names) == 53
    channels = sorted(int(path.stem.split("-")[1]) for path in (PICTURES / "channel").glob(f"{LAYER}-*.jpg"))
    assert (report.n_pictures, report.n_examples, report.n_least) == (5 * len(channels), 10 * len(channels), 0)
    assert validate(run) == []
    store = RunStore(run)
    kinds = ["channel", "diversity-0", "diversity-1", "diversity-2", "diversity-3"]
    assert [c for c in range(528) if store.pictures.is_visualized(Channel(LAYER, c))] == channels
    for channel in channels:
        at = Channel(LAYER, channel)
        assert store.pictures.list_visualization_kinds(at) == kinds and len(store.pictures.list_examples(at)) == 10
        for kind in kinds:
            image, expected = store.pictures.read_visualization(at, kind), read_picture(channel, kind)
            assert image is not None and np.array_equal(decode(image), np.asarray(expected))
        best, expected = store.pictures.read_example(at, ALL_CLASSES, 0), read_picture(channel, "dataset-p-0")
        assert best is not None and expected is not None
        assert decode(best).shape == (73, 73, 3)
        assert np.abs(decode(best) - np.asarray(expected, float)).mean() < 10


def test_they_do_not_pass_for_a_grid(run: Path, strips: Path) -> None:
    with pytest.raises(InputError, match="no such sheet of 528 channels"):
        import_spritemaps(SheetRequest(run, (f"{LAYER}={next(strips.iterdir())}",)), SilentProgress())
