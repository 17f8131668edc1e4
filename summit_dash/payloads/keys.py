"""The keys of payloads and the builder of each. The server and a static site hold the same ones."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter, Map, Rule

from precompute.contract.errors import InputError
from summit_dash.payloads.about import build_about
from summit_dash.payloads.channel import build_channel, build_class_channel
from summit_dash.payloads.channels import build_channel_use, build_channels
from summit_dash.payloads.class_page import build_class_page
from summit_dash.payloads.confusions import build_class_confusions, build_confusions
from summit_dash.payloads.embedding import build_embedding
from summit_dash.payloads.misclassified import build_misclassified
from summit_dash.payloads.of_class import build_class
from summit_dash.payloads.of_ends import build_class_ends
from summit_dash.payloads.of_layer import build_class_layer
from summit_dash.payloads.overview import build_overview
from summit_dash.payloads.preview import build_preview
from summit_dash.payloads.proof_page import build_class_proof_page, build_proof_page
from summit_dash.payloads.transfer import build_transfer_payload
from summit_dash.run.graphs import Channel
from summit_dash.run.labels import build_labels
from summit_dash.run.store import RunStore
from summit_dash.run.stores import Entry
from summit_dash.run.transfer_store import TransferStore

__all__ = ["build_payload"]


class _ClassId(BaseConverter):
    """A class_id of at most nine digits."""

    regex = r"\d{1,9}"

    def to_python(self, value: str) -> int:
        return int(value)


class _ChannelNumber(BaseConverter):
    """A channel's number of at most nine digits, kept as it is written, because messages quote it."""

    regex = r"\d{1,9}"


class _Layer(BaseConverter):
    """The name of a layer, which may hold slashes."""

    regex = ".+"
    part_isolating = False
    weight = 200


def _build_class(store: RunStore, class_id: int) -> dict[str, Any]:
    return build_class(store, _require_class(store, class_id))


def _build_class_by_effect(store: RunStore, class_id: int) -> dict[str, Any]:
    return build_class(store, _require_class(store, class_id), by_effect=True)


def _build_class_panel(store: RunStore, class_id: int) -> dict[str, Any]:
    return build_class_page(store, _require_class(store, class_id))


def _build_class_ends(store: RunStore, class_id: int) -> dict[str, Any]:
    return build_class_ends(store, _require_class(store, class_id))


def _build_class_layer(store: RunStore, class_id: int, layer: str) -> dict[str, Any]:
    return build_class_layer(store, _require_class(store, class_id), _require_layer(store, layer))


def _build_class_channel(store: RunStore, class_id: int, layer: str, number: str) -> dict[str, Any]:
    return build_class_channel(store, _require_class(store, class_id), _require_channel(store, layer, number))


def _build_class_confusions(store: RunStore, class_id: int) -> dict[str, Any]:
    return build_class_confusions(store, _require_class(store, class_id))


def _build_misclassified(store: RunStore, class_id: int) -> dict[str, Any]:
    return build_misclassified(store, _require_class(store, class_id))


def _build_class_proof(store: RunStore, class_id: int) -> dict[str, Any]:
    return build_class_proof_page(store, _require_class(store, class_id))


def _build_preview(store: RunStore, class_id: int) -> dict[str, Any]:
    return build_preview(store, _require_class(store, class_id))


def _build_channels(store: RunStore, layer: str) -> dict[str, Any]:
    return build_channels(store, _require_layer(store, layer))


def _build_channel(store: RunStore, layer: str, number: str) -> dict[str, Any]:
    return build_channel(store, _require_channel(store, layer, number))


_KEYS = Map(
    [
        Rule("/run", endpoint=build_overview),
        Rule("/about", endpoint=build_about),
        Rule("/embedding", endpoint=build_embedding),
        Rule("/labels", endpoint=build_labels),
        Rule("/channel_use", endpoint=build_channel_use),
        Rule("/class/<id:class_id>", endpoint=_build_class),
        Rule("/class/<id:class_id>/effect", endpoint=_build_class_by_effect),
        Rule("/class/<id:class_id>/panel", endpoint=_build_class_panel),
        Rule("/class/<id:class_id>/ends", endpoint=_build_class_ends),
        Rule("/class/<id:class_id>/layer/<layer:layer>", endpoint=_build_class_layer),
        Rule("/class/<id:class_id>/channel/<layer:layer>/<number:number>", endpoint=_build_class_channel),
        Rule("/confusions", endpoint=build_confusions),
        Rule("/confusions/<id:class_id>", endpoint=_build_class_confusions),
        Rule("/misclassified/<id:class_id>", endpoint=_build_misclassified),
        Rule("/proof", endpoint=build_proof_page),
        Rule("/proof/<id:class_id>", endpoint=_build_class_proof),
        Rule("/preview/<id:class_id>", endpoint=_build_preview),
        Rule("/channels/<layer:layer>", endpoint=_build_channels),
        Rule("/channel/<layer:layer>/<number:number>", endpoint=_build_channel),
    ],
    converters={"id": _ClassId, "layer": _Layer, "number": _ChannelNumber},
    merge_slashes=False,
)


def build_payload(store: Entry, key: str, names_folders: bool = True) -> dict[str, Any] | None:
    """Returns the payload of a key such as `class/270/layer/mixed4d`; None where there is no such kind.

    Args:
        store: the run or transfer result.
        key: of the payload.
        names_folders: the folders of this machine are named, which is nobody's business on another one.

    Raises:
        InputError: the run or the result lacks what the key names.
    """
    if isinstance(store, TransferStore):
        return build_transfer_payload(store, key, names_folders)
    if key.startswith("/"):
        return None  # werkzeug would drop the slash
    try:
        build, values = _KEYS.bind("").match(f"/{key}")
    except NotFound:
        return None
    payload: dict[str, Any] = build(store, names_folders) if build is build_about else build(store, **values)
    return payload


def _require_class(store: RunStore, class_id: int) -> int:
    if class_id not in store.classes:
        raise InputError("A class is one of the run's.", f"The run has no class {class_id}.", "Choose one of the list.")
    return class_id


def _require_layer(store: RunStore, layer: str) -> str:
    if layer not in store.layers:
        raise InputError("A layer is one of the run's.", f"The link says layer={layer}.", "Choose one of the strip.")
    return layer


def _require_channel(store: RunStore, layer: str, number: str) -> Channel:
    info = store.layers.get(layer)
    if info is None or int(number) >= info.n_channels:
        rule = (
            f"A channel of {layer} is a number from 0 to {info.n_channels - 1}."
            if info
            else "A layer is one of the run's."
        )
        raise InputError(rule, f"The link says {layer}-{number}.", "Choose a channel of the graph.")
    return Channel(layer, int(number))
