"""The contents of a static site: payloads and pictures of a run, in packs by the clicks that ask for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from precompute.contract.errors import InputError
from precompute.contract.schema import ALL_CLASSES
from summit_dash.export.formats import FORMATS
from summit_dash.export.graph import GraphRequest, export_graph
from summit_dash.export.site_packs import Content, Pack, Series, build_pack, encode_content
from summit_dash.export.site_pictures import SitePictures, remove_boxes
from summit_dash.payloads.about import build_about
from summit_dash.payloads.channel import build_channel
from summit_dash.payloads.keys import build_payload
from summit_dash.run.graphs import Channel
from summit_dash.run.pictures import PictureKind
from summit_dash.run.store import RunStore

__all__ = ["list_packs"]

_FIRST = ("run", "labels")
_SHARED = ("embedding", "confusions", "channel_use", "proof")
_LIMIT, _SMALL = 512 * 1024, 128 * 1024
"""Bytes of a pack, and of one of which a click wants several."""
_PER_LAYER = 1_000_000
"""A channel's number among those of all layers is its layer's place times this, plus its own number."""


def list_packs(store: RunStore) -> Iterator[Pack]:
    """Yields every pack of the site; `run`, which holds the index of the others, is the last."""
    return _Contents(store).list_packs()


class _Contents:
    """The contents of a run, with what is known of the packs so far."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._pictures = SitePictures(store)
        self._places = {layer: place for place, layer in enumerate(store.layers)}
        self._shown: set[int] = set()
        self._series: list[Series] = []

    def list_packs(self) -> Iterator[Pack]:
        yield self._pack("about", {"about": build_about(self._store, names_folders=False)})
        for key in _SHARED:
            yield self._pack(key, {key: self._build(key)})
        for place, layer in enumerate(self._store.layers):
            yield self._pack(f"channels-{place}", {f"channels/{layer}": self._build_channels(layer)})
        yield from self._open("preview", _LIMIT).pack(self._list_previews())
        for class_id in self._store.classes:
            yield self._pack(f"class-{class_id}", self._build_class(class_id))
            yield self._pack(f"more-{class_id}", self._build_more(class_id))
            yield self._pack(f"files-{class_id}", self._build_files(class_id))
            yield from self._open(f"example-{class_id}", _LIMIT).pack(self._list_class_examples(class_id))
        yield from self._open("picture", _LIMIT).pack(self._list_pictures())
        yield from self._open("channel", _LIMIT).pack(self._list_channels())
        yield from self._open("image", _SMALL).pack(self._list_images())
        yield self._build_first()

    def _open(self, name: str, limit: int) -> Series:
        self._series.append(Series(self._store.name, name, limit))
        return self._series[-1]

    def _pack(self, name: str, content: Content) -> Pack:
        return build_pack(self._store.name, name, encode_content(content))

    def _build(self, key: str) -> dict[str, Any]:
        try:
            payload = build_payload(self._store, key)
        except InputError as problem:
            return {"problem": {"rule": problem.rule, "found": problem.found, "fix": problem.fix}}
        if payload is None:
            raise KeyError(key)
        return remove_boxes(payload) if self._pictures.cuts_examples else payload

    def _build_channels(self, layer: str) -> dict[str, Any]:
        """Builds the channels of a layer; those whose picture the site leaves out have none."""
        payload = self._build(f"channels/{layer}")
        kinds = payload["picture"]
        held = [self._pictures.holds_picture(Channel(layer, number)) for number in range(len(kinds))]
        return {
            **payload,
            "picture": [kind if is_held else PictureKind.NONE for kind, is_held in zip(kinds, held, strict=True)],
        }

    def _leave_pictures_out(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Returns what a class makes of a channel; sources and targets whose picture the site leaves out have none."""
        layers = list(self._store.layers)
        for side in ("sources", "targets"):
            if ends := payload.get(side):
                found = [Channel(layers[at], number) for at, number in zip(ends["layer"], ends["channel"], strict=True)]
                kinds = zip(ends["picture"], map(self._pictures.holds_picture, found), strict=True)
                payload[side] = {**ends, "picture": [kind if held else PictureKind.NONE for kind, held in kinds]}
        return payload

    def _build_first(self) -> Pack:
        """Builds the pack that the page reads first."""
        index = {"layers": list(self._store.layers), "firsts": {each.name: each.firsts for each in self._series}}
        return self._pack("run", {"index": index, **{key: self._build(key) for key in _FIRST}})

    # --- classes ----------------------------------------------------------------------------------------------------

    def _list_previews(self) -> Iterator[tuple[int, Content]]:
        """Yields what hovering over a class asks for; its example is cut out, so that no whole image is needed."""
        for class_id in self._store.classes:
            payload = self._build(f"preview/{class_id}")
            at = payload.get("preview")
            if at is None:
                yield class_id, {f"preview/{class_id}": payload}
                continue
            channel = Channel(at["layer"], at["channel"])
            picture = self._store.pictures.read_example(channel, class_id, at["rank"])
            yield (
                class_id,
                {
                    f"preview/{class_id}": {**payload, "preview": {**at, "box": None}},
                    **_name_picture("example", channel, f"/{class_id}/{at['rank']}", picture),
                },
            )

    def _build_class(self, class_id: int) -> Content:
        """Builds what a click on a class asks for: the graph, its ways up, and its pictures."""
        content: dict[str, Any] = {key: self._build(key) for key in (f"class/{class_id}", f"class/{class_id}/ends")}
        for node in self._store.graph(class_id).nodes:
            content.update(_name_picture("picture", node.channel, "", self._store.pictures.read_picture(node.channel)))
        return content

    def _build_more(self, class_id: int) -> Content:
        """Builds what is asked for while a class is shown: panels, the channels of its graph, layers, prototypes."""
        channels = [node.channel for node in self._store.graph(class_id).nodes]
        has_both = self._store.has_graphs_by_effect
        by_effect = [node.channel for node in self._store.graph_by_effect(class_id).nodes] if has_both else []
        keys = [
            f"class/{class_id}/panel",
            f"confusions/{class_id}",
            f"misclassified/{class_id}",
            f"proof/{class_id}",
            *([f"class/{class_id}/effect"] if has_both else []),
            *(f"class/{class_id}/layer/{layer}" for layer in self._store.layers),
        ]
        content: dict[str, Any] = {key: self._build(key) for key in keys}
        for each in dict.fromkeys([*channels, *by_effect]):
            key = f"class/{class_id}/channel/{each.layer}/{each.channel}"
            content[key] = self._leave_pictures_out(self._build(key))
        wrong = content[f"misclassified/{class_id}"].get("images", [])
        self._shown.update(each["image_id"] for each in wrong if each["picture"] and each["picture"]["kind"] == "image")
        for method, prototype in self._store.pictures.read_prototypes(class_id).items():
            content[f"prototype/{class_id}/{method}.webp"] = prototype.image
        return content

    def _build_files(self, class_id: int) -> Content:
        """Builds the files of the class's graph, but for pictures of pixels, which would double the site."""
        if not self._store.graph(class_id).nodes:
            return {}
        files = export_graph(self._store, GraphRequest(class_id), [name for name in FORMATS if name != "png"])
        return {f"graph/{class_id}{ending}": {"text": content.decode()} for ending, content in files.items()}

    def _list_class_examples(self, class_id: int) -> Iterator[tuple[int, Content]]:
        channels = {self._number(node.channel): node.channel for node in self._store.graph(class_id).nodes}
        for number, channel in sorted(channels.items()):
            yield number, self._read_examples(channel, class_id)

    # --- channels ---------------------------------------------------------------------------------------------------

    def _number(self, channel: Channel) -> int:
        return self._places[channel.layer] * _PER_LAYER + channel.channel

    def _list_all(self) -> Iterator[Channel]:
        for layer, info in self._store.layers.items():
            yield from (Channel(layer, number) for number in range(info.n_channels))

    def _list_pictures(self) -> Iterator[tuple[int, Content]]:
        for channel in filter(self._pictures.holds_picture, self._list_all()):
            picture = self._store.pictures.read_picture(channel)
            yield self._number(channel), _name_picture("picture", channel, "", picture)

    def _list_channels(self) -> Iterator[tuple[int, Content]]:
        """Yields the payload of every channel; the other pictures and the examples of those that a graph holds."""
        for channel in self._list_all():
            key = f"channel/{channel.layer}/{channel.channel}"
            if channel not in self._pictures.in_graphs:
                bare = build_channel(self._store, channel, is_bare=True)
                kind = bare["picture"] if self._pictures.holds_picture(channel) else PictureKind.NONE
                yield self._number(channel), {key: {**bare, "picture": kind}}
                continue
            payload = self._build(key)
            content: dict[str, Any] = {key: payload, **self._read_examples(channel, ALL_CLASSES)}
            for kind in payload["kinds"]:
                picture = self._store.pictures.read_visualization(channel, kind)
                content.update(_name_picture("visualization", channel, f"/{kind}", picture))
            yield self._number(channel), content

    def _read_examples(self, channel: Channel, class_id: int) -> Content:
        """Reads the pictures that the run keeps as such; adds images of which the page shows a part to `_shown`."""
        owner = "all" if class_id == ALL_CLASSES else str(class_id)
        content: dict[str, bytes] = {}
        for example in self._store.pictures.list_examples(channel, class_id):
            if example.box is not None and example.image_id is not None and not self._pictures.cuts_examples:
                self._shown.add(example.image_id)
                continue
            picture = self._store.pictures.read_example(channel, class_id, example.rank)
            content.update(_name_picture("example", channel, f"/{owner}/{example.rank}", picture))
        return content

    def _list_images(self) -> Iterator[tuple[int, Content]]:
        for image_id in sorted(self._shown):
            image = self._store.pictures.kept_examples.images.read_jpeg(image_id)
            if image is not None:
                yield image_id, {f"image/{image_id}.jpg": image}


def _name_picture(kind: str, channel: Channel, rest: str, picture: bytes | None) -> dict[str, bytes]:
    """Returns a picture by its path, as the page asks for it; nothing where there is none."""
    return {} if picture is None else {f"{kind}/{quote(channel.layer, safe='')}/{channel.channel}{rest}.webp": picture}
