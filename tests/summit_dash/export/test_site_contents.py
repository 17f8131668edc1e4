from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from summit_dash.export.graph import GraphRequest, export_graph
from summit_dash.export.site_contents import list_packs
from summit_dash.payloads.keys import build_payload
from summit_dash.run.pictures import PictureKind
from summit_dash.run.store import RunStore
from tests.support.site_packs import read_pack, read_packs
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run


def write_packs(store: RunStore, folder: Path) -> Path:
    (folder / "run").mkdir()
    for pack in list_packs(store):
        (folder / "run" / pack.path).write_bytes(pack.script)
    return folder


@pytest.fixture(scope="module")
def site(store: RunStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_packs(store, tmp_path_factory.mktemp("sites"))


@pytest.fixture(scope="module")
def found(site: Path) -> dict[str, Any]:
    return read_packs(site)


def test_payloads_are_those_of_the_server(found: dict[str, Any], store: RunStore) -> None:
    node = store.graph(3).nodes[0].channel
    layer = store.layer_names[0]
    own = [
        "class/3",
        "class/3/panel",
        "preview/3",
        f"class/3/layer/{layer}",
        f"class/3/channel/{node.layer}/{node.channel}",
    ]
    for key in [
        "run",
        "embedding",
        "labels",
        f"channels/{layer}",
        f"channel/{node.layer}/{node.channel}",
        *own,
    ]:
        assert found[key] == build_payload(store, key), key


def test_no_pack_says_where_the_run_was(site: Path, found: dict[str, Any], store: RunStore) -> None:
    text = "".join(path.read_text() for path in (site / "run").iterdir())
    assert str(store.path) not in text
    assert [name for name, _ in found["about"]["sections"][0]["blocks"][0]["facts"] if name == "Folder"] == []


def test_every_picture_of_a_graph_is_there(found: dict[str, Any], store: RunStore) -> None:
    for node in store.graph(5).nodes:
        at = node.channel
        assert base64.b64decode(found[f"picture/{at.layer}/{at.channel}.webp"]) == store.pictures.read_picture(at)
        examples = [*store.pictures.list_examples(at), *store.pictures.list_examples(at, 5)]
        assert examples
        for example in examples:
            owner = "all" if example.class_id < 0 else str(example.class_id)
            assert f"example/{at.layer}/{at.channel}/{owner}/{example.rank}.webp" in found


def test_a_click_on_a_class_needs_one_pack(site: Path, store: RunStore) -> None:
    content = read_pack(site / "run" / "class-5.js")[2]
    pictures = {f"picture/{node.channel.layer}/{node.channel.channel}.webp" for node in store.graph(5).nodes}
    assert content.keys() == {"class/5", "class/5/ends", *pictures}


def test_the_files_of_a_graph_are_those_of_the_command(found: dict[str, Any], store: RunStore) -> None:
    files = export_graph(store, GraphRequest(5), ["svg", "json", "graphml", "csv"])
    assert {name for name in found if name.startswith("graph/5")} == {f"graph/5{ending}" for ending in files}
    assert found["graph/5.svg"]["text"].encode() == files[".svg"]


def test_the_index_names_the_first_channel_of_every_pack(site: Path, store: RunStore) -> None:
    index = read_pack(site / "run" / "run.js")[2]["index"]
    assert index["layers"] == store.layer_names
    names = {f"{series}-{first}.js" for series, firsts in index["firsts"].items() for first in firsts}
    others = {path.name for path in (site / "run").iterdir()} - names
    assert others == {
        *("run.js", "about.js", "embedding.js", "confusions.js", "channel_use.js", "proof.js"),
        *(f"channels-{place}.js" for place in range(len(store.layers))),
        *(f"{kind}-{class_id}.js" for kind in ("class", "more", "files") for class_id in store.classes),
    }
    for layer in store.layers:
        for number in range(0, store.layers[layer].n_channels, 7):
            at = index["layers"].index(layer) * 1_000_000 + number
            first = max(each for each in index["firsts"]["channel"] if each <= at)
            assert f"channel/{layer}/{number}" in read_pack(site / "run" / f"channel-{first}.js")[2]


@pytest.fixture(scope="module")
def parts_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = SyntheticRun(n_classes=4, n_images=30, whole_images=True)
    return write_synthetic_run(tmp_path_factory.mktemp("runs") / "parts", options)


@pytest.mark.parametrize("is_cut", [False, True])
def test_a_part_of_an_image_is_a_picture_of_its_own_or_the_image_is_there(
    parts_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_cut: bool
) -> None:
    monkeypatch.setattr("summit_dash.export.site_pictures.SitePictures.cuts_examples", is_cut)
    store = RunStore(parts_run, only=[3])
    found = read_packs(write_packs(store, tmp_path))
    n_parts = 0
    for node in store.graph(3).nodes:
        at = node.channel
        boxes = found[f"channel/{at.layer}/{at.channel}"]["examples"]["box"]
        for example, box in zip(store.pictures.list_examples(at), boxes, strict=True):
            n_parts += example.box is not None
            if example.box is None or is_cut:
                assert box is None
                assert f"example/{at.layer}/{at.channel}/all/{example.rank}.webp" in found
            else:
                assert box == list(example.box)
                assert f"image/{example.image_id}.jpg" in found
    assert n_parts > 0


def test_a_site_of_one_class_holds_few_channels_pictures(parts_run: Path, tmp_path: Path) -> None:
    store = RunStore(parts_run, only=[3])
    found = read_packs(write_packs(store, tmp_path))
    for place, layer in enumerate(store.layers):
        kinds = found[f"channels/{layer}"]["picture"]
        used = store.read_counts(layer)[0] > 0
        graph = {node.channel.channel for node in store.graph(3).nodes if node.channel.layer == layer}
        assert [kind > 0 for kind in kinds] == [bool(used[n]) or n in graph for n in range(len(kinds))], place
        assert [n for n, kind in enumerate(kinds) if (f"picture/{layer}/{n}.webp" in found) != (kind > 0)] == []


def test_sources_and_targets_whose_picture_the_site_leaves_out_have_none(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "synthetic", SyntheticRun(n_classes=4, n_images=30))
    store = RunStore(run, only=[3])
    found = read_packs(write_packs(store, tmp_path))
    layers, n_missing = list(store.layers), 0
    for node in store.graph(3).nodes:
        content = found[f"class/3/channel/{node.channel.layer}/{node.channel.channel}"]
        for side in ("sources", "targets"):
            ends = content[side]
            for at, channel, kind in zip(ends["layer"], ends["channel"], ends["picture"], strict=True):
                is_held = f"picture/{layers[at]}/{channel}.webp" in found
                assert (kind != PictureKind.NONE) == is_held
                n_missing += not is_held
    assert n_missing
