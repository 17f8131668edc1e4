from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from precompute.contract.errors import InputError
from summit_dash.export.site_command import run_export_site
from tests.support.site_packs import read_packs
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = SyntheticRun(n_classes=5, layers=(("a", 4), ("b", 4)), n_images=4, picture_size=8)
    return write_synthetic_run(tmp_path_factory.mktemp("runs") / "small", options)


def export(run: Path, out: Path, classes: str | None, overwrite: bool = False) -> tuple[int, int, str]:
    """Writes a site; returns its number of files and of bytes, and what the console showed."""
    shown = io.StringIO()
    size = run_export_site(run, out, classes, overwrite, Console(file=shown, width=40))
    return size.n_files, size.n_bytes, shown.getvalue()


def read_class_ids(site: Path) -> list[int]:
    """Reads the classes that the site's page lists."""
    ids: list[int] = read_packs(site)["run"]["classes"]["id"]
    return ids


def test_the_size_is_that_of_the_files_in_the_folder(small_run: Path, tmp_path: Path) -> None:
    n_files, n_bytes, _ = export(small_run, tmp_path / "site", None)
    files = [path for path in (tmp_path / "site").rglob("*") if path.is_file()]
    assert (n_files, n_bytes) == (len(files), sum(path.stat().st_size for path in files))
    assert read_class_ids(tmp_path / "site") == [0, 1, 2, 3, 4]


def test_a_site_of_some_classes_knows_no_others(small_run: Path, tmp_path: Path) -> None:
    export(small_run, tmp_path / "site", "coyote; #1")
    assert read_class_ids(tmp_path / "site") == [1, 3]
    assert sorted(path.name for path in (tmp_path / "site" / "run").glob("class-*.js")) == ["class-1.js", "class-3.js"]


def test_a_site_of_some_classes_counts_their_images(small_run: Path, tmp_path: Path) -> None:
    export(small_run, tmp_path / "some", "coyote; #1")
    export(small_run, tmp_path / "all", None)
    some, whole = (read_packs(tmp_path / name)["run"]["facts"] for name in ("some", "all"))
    assert (some["n_classes"], some["n_images_of_classes"]) == (2, 2 * 4)
    assert some["n_images"] == whole["n_images"] == whole["n_images_of_classes"]


def test_a_bare_number_is_explained_in_one_line(small_run: Path, tmp_path: Path) -> None:
    _, _, said = export(small_run, tmp_path / "site", "coyote;2")
    assert "2 is taken for class_id 2, white wolf, Arctic wolf, Canis lupus tundrarum.\n" in said


def test_an_unknown_class_leaves_no_folder(small_run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No class is named 'zebra'"):
        export(small_run, tmp_path / "site", "coyote;zebra")
    assert list(tmp_path.iterdir()) == []


def test_a_site_is_replaced_only_when_told_to(small_run: Path, tmp_path: Path) -> None:
    export(small_run, tmp_path / "site", None)
    with pytest.raises(InputError, match="not replaced"):
        export(small_run, tmp_path / "site", "1")
    export(small_run, tmp_path / "site", "1", overwrite=True)
    assert read_class_ids(tmp_path / "site") == [1]
