"""The images of a class that the model took for something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from precompute.contract.schema import ALL_CLASSES
from summit_dash.payloads.blocks import Block, build_element, build_few, build_term
from summit_dash.payloads.numbers import shorten
from summit_dash.run.confusions import read_output_names
from summit_dash.run.misclassified import Part, find_parts, list_misclassified
from summit_dash.run.predictions import Prediction
from summit_dash.run.store import RunStore
from summit_dash.run.text import format_count, format_part, format_percent, format_plural, label_classes

__all__ = ["MOST", "build_misclassified"]

MOST = 120
"""Number of images that are sent at most, the most probable predictions first."""
_FEW, _FEW_PICTURES = 5, 8
"""Images without and with a picture that are shown at first."""
_TIP = (
    "Its images that the model gets wrong, the most probable mistakes first, with what each was taken for. A picture "
    "opens large."
)


def build_misclassified(store: RunStore, class_id: int) -> dict[str, Any]:
    """Builds `images`, `n_wrong` of the class, and `n_pictures`: of how many of `images` the run has a picture.

    `taken_for` of an image lists classes; where it is empty, `name` may name the `output`. `picture` is None, or has
    the kind `image`, or the kind `part` with the address of a dataset example. `blocks` show them; `data-large` of a
    picture is its place among the images that have one.

    Raises:
        InputError: the run does not hold what its images were taken for, or the outputs do not mean its classes.
    """
    found = list_misclassified(store, class_id)
    sent, kept = found[:MOST], store.pictures.kept_examples.images
    parts = find_parts(store, class_id, [each.image_id for each in sent if not kept.holds(each.image_id)])
    names = read_output_names(store) if any(not each.taken_for for each in sent) else {}
    images = [_build_image(store, each, parts, names) for each in sent]
    return {
        "n": store.classes[class_id].n_images,
        "n_wrong": len(found),
        "n_pictures": sum(image["picture"] is not None for image in images),
        "images": images,
        "blocks": _show(store, len(found), images) if found else [],
    }


def _build_image(
    store: RunStore, image: Prediction, parts: Mapping[int, Part], names: Mapping[int, str]
) -> dict[str, Any]:
    is_kept = store.pictures.kept_examples.images.holds(image.image_id)
    return {
        "image_id": image.image_id,
        "path": image.path,
        "taken_for": list(image.taken_for),
        "output": image.output,
        "name": None if image.taken_for else names.get(image.output),
        "said": None if image.taken_for else _name_output(image.output, names.get(image.output)),
        "probability": shorten(image.predicted_probability, 3),
        "true_probability": shorten(image.true_probability, 3),
        "picture": {"kind": "image"} if is_kept else _locate(parts.get(image.image_id)),
    }


def _locate(part: Part | None) -> dict[str, Any] | None:
    if part is None:
        return None
    owner = part.example.class_id
    return {
        "kind": "part",
        "layer": part.channel.layer,
        "channel": part.channel.channel,
        "owner": "all" if owner == ALL_CLASSES else owner,
        "rank": part.example.rank,
    }


# --- in blocks ------------------------------------------------------------------------------------------------------


def _show(store: RunStore, n_wrong: int, images: Sequence[Mapping[str, Any]]) -> list[Block]:
    """Builds the pictures with what each was taken for, and lines for the images without one."""
    names = {key: " ".join(filter(None, label)) for key, label in label_classes(store.classes).items()}
    told = [_describe(image, names) for image in images]
    pictured = [(image, *words) for image, words in zip(images, told, strict=True) if image["picture"]]
    pictures = [_build_picture(place, *each) for place, each in enumerate(pictured)]
    paths = [
        build_element("p", words, class_="wrong-path muted")
        for image, (_, words) in zip(images, told, strict=True)
        if not image["picture"]
    ]
    title = build_element("span", build_term("Misclassified images", _TIP), class_="heading-words")
    more = f"Show all {format_count(len(pictures))} pictures"
    named = f"Name {format_plural(len(paths), 'image')} without a picture"
    return [
        build_element("h3", title),
        *_describe_missing(n_wrong, len(pictures)),
        build_few(pictures, _FEW_PICTURES, more, class_="wrong-images"),
        build_few(paths, 0 if pictures else _FEW, named, class_="wrong-paths"),
    ]


def _describe(image: Mapping[str, Any], names: Mapping[int, str]) -> tuple[str, str]:
    """Returns what an image was taken for, and the same in a sentence."""
    said = " or ".join(names[each] for each in image["taken_for"]) or _name_output(image["output"], image["name"])
    own = image["true_probability"]
    more = "" if own is None else f"; its own class {format_percent(own)}"
    return said, f"{image['path']}: taken for {said}, probability {format_percent(image['probability'])}{more}."


def _name_output(output: int, name: str | None) -> str:
    """Names an output that means none of the run's classes: by its first name, else by its number."""
    return name.split(",")[0] if name else f"output {output}"


def _describe_missing(n_wrong: int, n_pictures: int) -> list[Block]:
    if n_pictures == n_wrong:
        return []
    words = f"{format_part(n_pictures, n_wrong)} wrong images have a picture in this run."
    none = f"The run keeps no picture of the {format_plural(n_wrong, 'wrong image')}."
    return [build_element("p", words if n_pictures else none, class_="muted none")]


def _build_picture(place: int, image: Mapping[str, Any], said: str, words: str) -> Block:
    picture = image["picture"]
    is_part = picture["kind"] == "part"
    part = " The picture is the part of it that the run keeps." if is_part else ""
    shown = {"example": {**picture, "image_id": image["image_id"]}} if is_part else {"whole": image["image_id"]}
    return build_element(
        "button",
        build_element("span", shown, class_="picture"),
        build_element("span", said, class_="caption"),
        build_element("span", format_percent(image["probability"]), class_="caption muted"),
        type="button",
        class_="wrong-image",
        data_large=str(place),
        data_image=str(image["image_id"]),
        data_tip=words + part,
        aria_label=words,
    )
