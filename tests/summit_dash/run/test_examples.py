"""Dataset examples that are parts of images, as the server and a static site show them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from precompute.contract.pictures import PictureForm, encode_crop
from precompute.contract.schema import locate_table, read_table
from summit_dash.export.thumbnails import convert_picture
from summit_dash.payloads.keys import build_payload
from summit_dash.payloads.thumbnails import build_thumbnails
from summit_dash.run.examples import Example
from summit_dash.run.graphs import Channel
from summit_dash.run.pictures import PictureKind
from summit_dash.run.store import RunStore
from summit_dash.server.app import create_app
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run
from tests.support.validation import validate

CHANNEL = Channel("conv4", 7)


def read_stored(store: RunStore) -> dict[int, bytes]:
    return {row["image_id"]: row["image"] for row in read_table(store.path, "example_images").to_pylist()}


def list_examples(store: RunStore) -> Iterator[tuple[Channel, Example]]:
    for channel in (CHANNEL, Channel("conv1", 0), Channel("conv5", 40)):
        for class_id in (-1, 3):
            yield from ((channel, example) for example in store.pictures.list_examples(channel, class_id))


def test_a_part_is_cut_out_of_the_stored_image(part_store: RunStore) -> None:
    assert all(finding.table == "manifest.json" for finding in validate(part_store.path))
    images, n_parts = read_stored(part_store), 0
    for channel, example in list_examples(part_store):
        shown = part_store.pictures.read_example(channel, example.class_id, example.rank)
        assert (example.box is None) == (example.image_id % 7 == 0)
        if example.box is not None:
            n_parts += 1
            cut = Image.open(io.BytesIO(images[example.image_id])).convert("RGB").crop(example.box)
            assert cut.size == (32, 16)
            assert shown == encode_crop(cut, part_store.pictures.kept_examples.form)
            assert Image.open(io.BytesIO(shown)).size == (64, 32), "small ones are enlarged"
    assert n_parts > 40


def test_all_ways_to_an_example_lead_to_the_same_picture(part_store: RunStore) -> None:
    client = create_app([part_store]).server.test_client()
    run = f"/run/{part_store.name}"
    for example in part_store.pictures.list_examples(CHANNEL, 3):
        answer = client.get(f"{run}/example/conv4/7/3/{example.rank}.webp")
        assert (answer.status_code, answer.mimetype) == (200, "image/webp")
        assert answer.data == part_store.pictures.read_example(CHANNEL, 3, example.rank)
    node = next(
        node
        for node in part_store.graph(2).nodes
        if part_store.pictures.get_picture_kind(node.channel) is PictureKind.EXAMPLE
        and part_store.pictures.list_examples(node.channel)[0].box is not None
    )
    best = part_store.pictures.read_picture(node.channel)
    assert (
        best
        == part_store.pictures.read_example(node.channel, -1, 0)
        == part_store.pictures.kept_examples.read_picture(node.channel, -1, 0)
    )
    assert client.get(f"{run}/picture/{node.channel.layer}/{node.channel.channel}.webp").data == best
    assert best in build_thumbnails(part_store, 2)
    with Image.open(io.BytesIO(convert_picture(best, 24))) as picture:
        assert (picture.format, picture.size) == ("JPEG", (24, 24))


def test_payloads_say_where_parts_lie(part_store: RunStore) -> None:
    assert build_payload(part_store, "run")["image_size"] == (64, 64)
    payload = build_payload(part_store, "class/3/channel/conv4/7")["examples"]
    assert payload["box"] == [example.box for example in part_store.pictures.list_examples(CHANNEL, 3)]
    preview = build_payload(part_store, "preview/3")["preview"]
    shown = build_payload(part_store, "class/3/panel")["examples"]
    names = ("layer", "channel", "rank", "image_id", "box")
    parts = [dict(zip(names, values, strict=True)) for values in zip(*(shown[name] for name in names), strict=True)]
    for where in (preview, *parts):
        channel = Channel(where["layer"], where["channel"])
        example = part_store.pictures.list_examples(channel, 3)[where["rank"]]
        assert (where["image_id"], where["box"]) == (example.image_id, example.box)


def test_a_part_of_an_image_that_is_gone_is_not_there(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=4, n_images=20, whole_images=True))
    locate_table(run, "example_images").unlink()
    store = RunStore(run)
    lost = next(example for example in store.pictures.list_examples(CHANNEL, 3) if example.box is not None)
    assert store.pictures.read_example(CHANNEL, 3, lost.rank) is None
    client = create_app([store]).server.test_client()
    assert client.get(f"/run/run/example/conv4/7/3/{lost.rank}.webp").status_code == 404
    assert any("null only where" in finding.rule for finding in validate(run))


def test_thumbnails_are_cut_before_anyone_asks(part_store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = list[int]()

    def count_one(picture: Image.Image, form: PictureForm) -> bytes:
        cut.append(1)
        return encode_crop(picture, form)

    monkeypatch.setattr("summit_dash.run.examples.encode_crop", count_one)
    store = RunStore(part_store.path)
    store.warm()
    shown = {node.channel for class_id in store.classes for node in store.graph(class_id).nodes}
    parts = {
        (best.image_id, best.box)
        for channel in shown
        if not store.pictures.is_visualized(channel)
        and (best := store.pictures.list_examples(channel)[0]).box is not None
    }
    assert len(cut) == len(parts) > 10
    for class_id in store.classes:
        build_thumbnails(store, class_id)
    assert len(cut) == len(parts)


def test_threads_that_ask_at_once_get_the_same_pictures(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    options = SyntheticRun(n_classes=4, n_images=40, whole_images=True)
    run = write_synthetic_run(tmp_path / "run", options)
    asked = [(Channel("conv3", number), rank) for number in range(32) for rank in range(10)]
    alone, together = RunStore(run).pictures, RunStore(run).pictures
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda each: together.read_example(each[0], -1, each[1]), asked))
    assert found == [alone.read_example(channel, -1, rank) for channel, rank in asked]


@pytest.mark.parametrize(("said", "size"), [({}, 128), ({"size": 16, "quality": 80}, 16)])
def test_parts_are_shown_at_the_size_of_the_runs_examples(tmp_path: Path, said: dict[str, int], size: int) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=4, n_images=20, whole_images=True))
    manifest = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps({**manifest, "config": {"examples": said}}))
    store = RunStore(run)
    part = next(example for example in store.pictures.list_examples(CHANNEL) if example.box is not None)
    with Image.open(io.BytesIO(store.pictures.read_example(CHANNEL, -1, part.rank))) as picture:
        assert max(picture.size) == min(size, 64)
        assert np.asarray(picture).std() > 1


def test_pictures_and_examples_stay_below_their_sizes(part_store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("_IMAGE_BYTES", 30_000), ("_CROP_BYTES", 20_000), ("_EXAMPLE_BYTES", 60_000)):
        monkeypatch.setattr(f"summit_dash.run.examples.{name}", size)
    bounded = RunStore(part_store.path).pictures.kept_examples
    kept = {bounded._decoded: 30_000, bounded._cropped: 20_000, bounded._of_channel: 60_000}
    for number in range(8):
        channel = Channel("conv4", number)
        for example in bounded.list_examples(channel):
            shown = bounded.read_picture(channel, example.class_id, example.rank)
            assert shown == part_store.pictures.read_example(channel, example.class_id, example.rank)
            assert all(0 < cache.results.currsize <= size for cache, size in kept.items() if len(cache.results))
    assert bounded._cropped.results.currsize > 10_000, "it was filled"
