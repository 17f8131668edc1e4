from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from summit_dash.run.names import name_runs, split_name


@dataclass
class Named:
    folder: str
    model_name: str = "GoogLeNet"
    dataset_name: str = "ImageNet"
    given_name: str | None = None

    @property
    def path(self) -> Path:
        return Path(self.folder)


@pytest.mark.parametrize(
    ("runs", "names"),
    [
        ([Named("/a/photos")], ["photos"]),
        ([Named("/a/run")], ["GoogLeNet"]),
        ([Named("/a/1"), Named("/a/2")], ["1", "2"]),
        ([Named("/a/run", "VGG"), Named("/b/run"), Named("/c/photos")], ["VGG", "GoogLeNet", "photos"]),
        ([Named("/a/run"), Named("/b/run", dataset_name="Cars")], ["GoogLeNet, ImageNet", "GoogLeNet, Cars"]),
        ([Named("/a/run"), Named("/b/run")], ["GoogLeNet, ImageNet, a-run", "GoogLeNet, ImageNet, b-run"]),
        ([Named("/a/run", "hub/vit")], ["hub-vit"]),
        ([Named("/a/run"), Named("/a/photos", given_name="GoogLeNet")], ["GoogLeNet, ImageNet", "GoogLeNet"]),
        ([Named("/a", given_name="r")] * 3, ["r", "r 2", "r 3"]),
        ([*[Named("/a", given_name="r")] * 2, Named("/a", given_name="r 2")], ["r", "r 3", "r 2"]),
    ],
    ids=["folder", "model", "folders", "models", "datasets", "paths", "slash", "given", "same", "numbered"],
)
def test_names_are_short_where_that_is_enough(runs: list[Named], names: list[str]) -> None:
    assert name_runs(runs) == names


def test_the_same_run_twice_is_numbered() -> None:
    found = name_runs([Named("/a/photos"), Named("/a/photos")])
    assert len(set(found)) == 2 and found[1] == f"{found[0]} 2"


def test_a_name_is_before_the_folder(tmp_path: Path) -> None:
    assert split_name("runs/a") == (Path("runs/a"), None)
    assert split_name("before = x=runs/a") == (Path(" x=runs/a"), "before")
    (tmp_path / "a=b").mkdir()
    assert split_name(str(tmp_path / "a=b")) == (tmp_path / "a=b", None)
    assert split_name("=runs/a") == (Path("=runs/a"), None)
