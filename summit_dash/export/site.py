"""A run, or some of its classes, as a static interactive site: the dashboard's own page and scripts, no server."""

from __future__ import annotations

import importlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dash import _dash_renderer

from precompute.contract.errors import InputError
from precompute.contract.schema import ALL_CLASSES
from summit_dash.export.callbacks import list_callbacks
from summit_dash.export.html import LIBRARIES, render
from summit_dash.pages import registry
from summit_dash.pages.frame import build_boot, build_page
from summit_dash.payloads.keys import build_payload
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore

__all__ = ["SiteSize", "write_site"]

Report = Callable[[str, int], None]
"""Called with the path of the file to write and the number of files so far."""
_LIBRARIES = "components"
"""The folder of the scripts of React and of the components, within the assets."""
_STATIC = Path(__file__).with_name("static.js")


@dataclass(frozen=True)
class SiteSize:
    """The size of a site."""

    n_files: int
    n_bytes: int


def write_site(store: RunStore, out: Path, assets: Path, report: Report, overwrite: bool = False) -> SiteSize:
    """Writes the site into a folder, whole or not at all. Pages that need a server are left out.

    Args:
        store: the run, opened with the classes of the site.
        out: a folder that is absent, empty, or a site to replace.
        assets: folder of the dashboard's styles, scripts and fonts.
        report: called before each file.
        overwrite: replaces a site in the folder.

    Raises:
        InputError: the folder holds something else, or a site and `overwrite` is False.
    """
    _check_folder(out, overwrite)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch:
        folder = Path(scratch) / "site"
        folder.mkdir()
        _write_page(store, folder, assets)
        for index, (path, content) in enumerate(_list_files(store), start=1):
            target = folder / "run" / store.name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            report(path, index)
        size = _measure(folder)
        shutil.rmtree(out, ignore_errors=True)
        folder.rename(out)
    return size


def _check_folder(out: Path, overwrite: bool) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    is_site = (out / "index.html").is_file() and (out / "assets" / "static.js").is_file()
    if not is_site:
        raise InputError(
            "A site is written into a folder of its own.",
            f"{out} exists and holds no site.",
            "Choose another folder.",
        )
    if not overwrite:
        raise InputError("A site is not replaced by chance.", f"{out} holds one.", "Say --overwrite to replace it.")


def _measure(folder: Path) -> SiteSize:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return SiteSize(len(sizes), sum(sizes))


# --- the page -------------------------------------------------------------------------------------------------------


def _write_page(store: RunStore, folder: Path, assets: Path) -> None:
    shutil.copytree(assets, folder / "assets", ignore=shutil.ignore_patterns("__pycache__", "*.py", "src"))
    shutil.copyfile(_STATIC, folder / "assets" / "static.js")
    (folder / "assets" / _LIBRARIES).mkdir()
    for script in _find_library_scripts():
        shutil.copyfile(script, folder / "assets" / _LIBRARIES / script.name)
    (folder / "index.html").write_text(_build_document(store, assets), encoding="utf-8")


def _build_document(store: RunStore, assets: Path) -> str:
    """Builds the page with its styles and scripts in the order in which Dash loads them."""
    styles = "\n".join(f'<link rel="stylesheet" href="assets/{path}">' for path in list_assets(assets, ".css"))
    libraries = [f"{_LIBRARIES}/{script.name}" for script in _find_library_scripts()]
    paths = [*libraries, "static.js", *list_assets(assets, ".js")]
    scripts = "\n".join(f'<script src="assets/{path}"></script>' for path in paths)
    return _DOCUMENT.format(
        styles=styles,
        boot=build_boot([store], ""),
        page=render(build_page("assets/favicon.svg", is_static=True)),
        callbacks=_write_json(list_callbacks(e for e in registry.PAGES if not e.page.needs_server)),
        scripts=scripts,
    )


def _find_library_scripts() -> list[Path]:
    """Finds the scripts of React and of the components in the installed packages, in the order of reading."""
    dash = Path(str(importlib.import_module("dash").__file__)).parent
    react = [dash / path for path in _dash_renderer._js_dist_dependencies[0]["relative_package_path"]["prod"]]
    packages = [Path(str(importlib.import_module(name).__file__)).parent for name in LIBRARIES]
    return [*react, *(package / f"{package.name}.min.js" for package in packages)]


def list_assets(folder: Path, suffix: str) -> list[str]:
    """Lists the bundled files of a kind by name, as Dash does."""
    return sorted(path.name for path in folder.glob(f"*{suffix}"))


# --- the run --------------------------------------------------------------------------------------------------------


def _list_files(store: RunStore) -> Iterator[tuple[str, bytes]]:
    """Yields path and content of every file of the run's folder."""
    in_graphs = {node.channel for class_id in store.classes for node in store.graph(class_id).nodes}
    shown: set[int] = set()
    for key in _list_shared_keys(store):
        yield _build_script(store, key, [key])
    for class_id in store.classes:
        yield _build_script(store, f"class/{class_id}", [f"class/{class_id}", f"preview/{class_id}"])
        for method, prototype in store.pictures.read_prototypes(class_id).items():
            yield f"prototype/{class_id}/{method}.webp", prototype.image
        yield _build_script(store, f"class/{class_id}/more", _list_keys_within(store, class_id))
        shown.update(_list_wrong_images(store, class_id))
    for layer, info in store.layers.items():
        for channel in (Channel(layer, number) for number in range(info.n_channels)):
            yield from _list_channel_files(store, channel, channel in in_graphs)
            if channel in in_graphs:
                yield from _list_example_files(store, channel, ALL_CLASSES, shown)
    for class_id in store.classes:
        for node in store.graph(class_id).nodes:
            yield from _list_example_files(store, node.channel, class_id, shown)
    for image_id in sorted(shown):
        image = store.pictures.kept_examples.images.read_jpeg(image_id)
        if image is not None:
            yield f"image/{image_id}.jpg", image


def _list_shared_keys(store: RunStore) -> list[str]:
    return [
        "run",
        "about",
        "embedding",
        "confusions",
        "labels",
        "channel_use",
        *(f"channels/{layer}" for layer in store.layers),
    ]


def _list_keys_within(store: RunStore, class_id: int) -> list[str]:
    """Lists the keys that the page asks for while it shows a class: panel, channels of the graph, layers."""
    channels = [
        f"class/{class_id}/channel/{node.channel.layer}/{node.channel.channel}" for node in store.graph(class_id).nodes
    ]
    shared = [
        f"class/{class_id}/panel",
        f"class/{class_id}/ends",
        f"confusions/{class_id}",
        f"misclassified/{class_id}",
    ]
    return [*shared, *channels, *(f"class/{class_id}/layer/{layer}" for layer in store.layers)]


def _list_wrong_images(store: RunStore, class_id: int) -> list[int]:
    """Lists the whole images that the panel of a class shows because the model took them for something else."""
    images = _build_payload(store, f"misclassified/{class_id}").get("images", [])
    return [image["image_id"] for image in images if image["picture"] and image["picture"]["kind"] == "image"]


def _build_script(store: RunStore, path: str, keys: Iterable[str]) -> tuple[str, bytes]:
    """Builds a script that hands payloads to the page; returns its path and content."""
    payloads = [(key, _build_payload(store, key)) for key in keys]
    calls = [_build_call(store, key, payload) for key, payload in payloads]
    return f"data/{path}.js", "\n".join(calls).encode()


def _build_call(store: RunStore, key: str, payload: dict[str, Any]) -> str:
    return f"summitStatic.receive({_write_json(store.name)}, {_write_json(key)}, {_write_json(payload)});"


def _build_payload(store: RunStore, key: str) -> dict[str, Any]:
    try:
        payload = build_payload(store, key)
    except InputError as problem:
        return {"problem": {"rule": problem.rule, "found": problem.found, "fix": problem.fix}}
    if payload is None:
        raise KeyError(key)
    return payload


def _write_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _list_channel_files(store: RunStore, channel: Channel, is_in_graph: bool) -> Iterator[tuple[str, bytes]]:
    """Yields a channel's payload and picture, and its other visualizations where a graph holds it."""
    key = f"channel/{channel.layer}/{channel.channel}"
    path, script = _build_script(store, key, [key])
    if is_in_graph:
        yield path, script
    else:
        payload = _build_payload(store, key)
        bare = {**payload, "examples": {name: [] for name in payload["examples"]}, "kinds": []}
        yield path, _build_call(store, key, bare).encode()
    picture = store.pictures.read_picture(channel)
    if picture is not None:
        yield f"picture/{channel.layer}/{channel.channel}.webp", picture
    if is_in_graph:
        for kind in store.pictures.list_visualization_kinds(channel):
            image = store.pictures.read_visualization(channel, kind)
            if image is not None:
                yield f"visualization/{channel.layer}/{channel.channel}/{kind}.webp", image


def _list_example_files(
    store: RunStore, channel: Channel, class_id: int, shown: set[int]
) -> Iterator[tuple[str, bytes]]:
    """Yields the pictures that the run keeps as such; adds images of which the page shows a part to `shown`."""
    owner = "all" if class_id == ALL_CLASSES else str(class_id)
    for example in store.pictures.list_examples(channel, class_id):
        if example.box is not None and example.image_id is not None:
            shown.add(example.image_id)
        elif (image := store.pictures.read_example(channel, class_id, example.rank)) is not None:
            yield f"example/{channel.layer}/{channel.channel}/{owner}/{example.rank}.webp", image


_DOCUMENT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Summit Dash</title>
<link rel="icon" href="assets/favicon.svg">
{styles}
</head>
<body>
<script id="boot" type="application/json">{boot}</script>
<script id="callbacks" type="application/json">{callbacks}</script>
{page}
{scripts}
</body>
</html>
"""
