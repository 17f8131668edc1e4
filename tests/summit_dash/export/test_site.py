from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from precompute.contract.errors import InputError
from summit_dash.export.site import list_assets, write_site
from summit_dash.pages.asset_files import find_assets
from summit_dash.payloads.keys import build_payload
from summit_dash.run.store import RunStore

_CALL = re.compile(r'^summitStatic\.receive\("synthetic", ("[^"]*"), (.*)\);$', re.MULTILINE)


def _ignore(path: str, n_written: int) -> None:
    """Ignores the progress."""


def _read_received(path: Path) -> dict[str, Any]:
    """Reads the payloads that a script hands to the page, by key."""
    return {json.loads(key): json.loads(payload) for key, payload in _CALL.findall(path.read_text())}


@pytest.fixture(scope="module")
def site(store: RunStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sites") / "site"
    write_site(store, out, find_assets(), _ignore)
    return out


def test_the_page_names_scripts_that_are_there(site: Path) -> None:
    page = (site / "index.html").read_text()
    sources = re.findall(r'(?:src|href)="([^"#]+)"', page)
    assert "assets/static.js" in sources
    assert [source for source in sources if not (site / source).is_file()] == []


def test_scripts_come_in_the_order_of_the_served_page(store: RunStore) -> None:
    from summit_dash.server.app import create_app

    page = create_app([store]).server.test_client().get("/").text
    served = re.findall(r'src="/assets/([^"?]+)', page)
    assert served == list_assets(find_assets(), ".js")


def test_payloads_are_those_of_the_server(site: Path, store: RunStore) -> None:
    data = site / "run" / "synthetic" / "data"
    assert _read_received(data / "class" / "3.js")["class/3"] == build_payload(store, "class/3")
    assert _read_received(data / "run.js") == {"run": build_payload(store, "run")}
    within = _read_received(data / "class" / "3" / "more.js")
    node = store.graph(3).nodes[0]
    key = f"class/3/channel/{node.channel.layer}/{node.channel.channel}"
    assert within[key] == build_payload(store, key)


def test_every_picture_of_a_graph_is_there(site: Path, store: RunStore) -> None:
    folder = site / "run" / "synthetic"
    for node in store.graph(5).nodes:
        channel = node.channel
        assert (
            folder / "picture" / channel.layer / f"{channel.channel}.webp"
        ).read_bytes() == store.pictures.read_picture(channel)
        examples = [*store.pictures.list_examples(channel), *store.pictures.list_examples(channel, 5)]
        assert examples
        for example in examples:
            owner = "all" if example.class_id < 0 else str(example.class_id)
            assert (
                folder / "example" / channel.layer / str(channel.channel) / owner / f"{example.rank}.webp"
            ).is_file()


def test_wrong_images_of_a_class_are_there(part_store: RunStore, tmp_path: Path) -> None:
    write_site(part_store, tmp_path / "site", find_assets(), _ignore)
    run = tmp_path / "site" / "run" / "parts"
    kinds = set()
    for class_id in part_store.classes:
        key = f"misclassified/{class_id}"
        received = re.findall(
            rf'"{key}", (.*)\);$', (run / "data" / "class" / f"{class_id}" / "more.js").read_text(), re.M
        )
        payload = json.loads(received[0])
        assert payload == build_payload(part_store, key)
        for image in payload["images"]:
            picture = image["picture"] or {"kind": None}
            kinds.add(picture["kind"])
            if picture["kind"] == "image":
                assert (run / "image" / f"{image['image_id']}.jpg").is_file()
            if picture["kind"] == "part":
                place = Path(picture["layer"]) / str(picture["channel"]) / str(picture["owner"])
                assert (run / "example" / place / f"{picture['rank']}.webp").is_file()
    assert "image" in kinds


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
