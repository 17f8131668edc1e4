from __future__ import annotations

from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from summit_dash.export.site import write_site
from summit_dash.pages.asset_files import find_assets
from summit_dash.run.store import RunStore
from tests.support.site_packs import read_pack


def _ignore(path: str, n_written: int) -> None:
    """Ignores the progress."""


@pytest.fixture(scope="module")
def site(store: RunStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sites") / "site"
    write_site(store, out, find_assets(), _ignore)
    return out


def test_a_site_is_a_page_and_packs_with_their_names(site: Path) -> None:
    assert sorted(path.name for path in site.iterdir()) == ["assets", "index.html", "run"]
    for path in (site / "run").iterdir():
        assert read_pack(path)[:2] == ("synthetic", path.stem)


def test_the_progress_names_every_pack(store: RunStore, tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    write_site(store, tmp_path / "site", find_assets(), lambda path, n: told.append((path, n)))
    assert sorted(path for path, _ in told) == sorted(path.name for path in (tmp_path / "site" / "run").iterdir())
    assert [n for _, n in told] == list(range(1, len(told) + 1))


def test_a_folder_with_something_else_is_left_alone(store: RunStore, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="folder of its own"):
        write_site(store, tmp_path, find_assets(), _ignore, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_site_is_replaced_only_when_told_to(store: RunStore, site: Path) -> None:
    with pytest.raises(InputError, match="not replaced"):
        write_site(store, site, find_assets(), _ignore)
    write_site(store, site, find_assets(), _ignore, overwrite=True)
    assert (site / "index.html").is_file()


def test_an_interruption_leaves_nothing(store: RunStore, tmp_path: Path) -> None:
    def interrupt(path: str, n_written: int) -> None:
        if n_written == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_site(store, tmp_path / "site", find_assets(), interrupt)
    assert list(tmp_path.iterdir()) == []
