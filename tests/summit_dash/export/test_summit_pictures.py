"""`feature-vis`: one JPEG for each picture of the run, under the names that Summit's app asks for."""

from __future__ import annotations

import io

from PIL import Image, ImageChops, ImageStat

from summit_dash.export.summit_names import name_layers
from summit_dash.export.summit_pictures import KINDS, count_pictures, list_pictures
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore


def test_every_picture_has_the_name_that_the_app_asks_for(part_store: RunStore) -> None:
    found = dict(list_pictures(part_store, name_layers(part_store.layers)))
    assert len(found) == count_pictures(part_store)
    expected = set()
    for layer, info in part_store.layers.items():
        for channel in (Channel(layer, number) for number in range(info.n_channels)):
            for kind in KINDS:
                if kind in part_store.pictures.list_visualization_kinds(channel):
                    expected.add(f"feature-vis/{kind}/{channel.channel_id}-{kind}.jpg")
            n_examples = min(10, len(part_store.pictures.list_examples(channel)))
            expected |= {f"feature-vis/dataset-p/{channel.channel_id}-dataset-p-{i}.jpg" for i in range(n_examples)}
    assert set(found) == expected


def test_a_picture_is_a_jpeg_of_the_size_of_the_runs(part_store: RunStore) -> None:
    for path, content in list_pictures(part_store, {"conv1": "conv1"}):
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.format == "JPEG"
            if "dataset-p" not in path:
                assert picture.size == (64, 64)


def test_a_run_without_feature_visualizations_has_its_examples_alone(bare_store: RunStore) -> None:
    paths = [path for path, _ in list_pictures(bare_store, {"conv1": "first"})]
    assert paths and all(path.startswith("feature-vis/dataset-p/first-") for path in paths)


def test_an_example_is_the_picture_of_its_rank(part_store: RunStore) -> None:
    found = dict(list_pictures(part_store, {"conv2": "second"}))
    for channel in (Channel("conv2", 0), Channel("conv2", 7)):
        for example in part_store.pictures.list_examples(channel)[:10]:
            path = f"feature-vis/dataset-p/second-{channel.channel}-dataset-p-{example.rank}.jpg"
            shown = part_store.pictures.kept_examples.read_picture(channel, example.class_id, example.rank)
            assert shown is not None
            with Image.open(io.BytesIO(shown)) as picture, Image.open(io.BytesIO(found[path])) as copy:
                assert copy.size == picture.size
                difference = ImageChops.difference(copy, picture.convert("RGB"))
                assert ImageStat.Stat(difference).mean < [12.0] * 3
