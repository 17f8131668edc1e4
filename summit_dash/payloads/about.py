"""The page about a run: views, method and the run's own numbers, as blocks (`summit_dash/payloads/blocks.py`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from precompute.contract.glossary import INFLUENCE_MEASURES
from precompute.contract.output_meanings import describe_outputs
from summit_dash.figures.transfer import build_layers
from summit_dash.graph.theme import PALETTES
from summit_dash.payloads.glossary import GLOSSARY, name_entry
from summit_dash.payloads.tour import build_tour
from summit_dash.run.names import describe_place
from summit_dash.run.probes import read_probes
from summit_dash.run.store import RunStore
from summit_dash.run.text import DASH, format_count, format_part, format_percent, format_plural

__all__ = ["build_about"]

Block = dict[str, Any]
_SKIPPED_NAMED = 3
_LABELS_BY = {
    "name": ", by their names",
    "number": ", by the numbers that are their names",
    "id": ", by their numbers",
    "text": ", in the order of their names as text",
    "order": ", in their order: a guess from there being as many",
}


def build_about(store: RunStore, names_folders: bool = True) -> dict[str, Any]:
    """Builds the page, section by section; a static site does not name the folders of the machine that wrote it."""
    return {
        "sections": [
            _build_section("run", "This run", [{"facts": _list_facts(store, names_folders)}]),
            _build_section("views", "What the views show", _split_paragraphs(_VIEWS)),
            _build_section("method", "How it is computed", _explain_method(store)),
            *_count_pictures(store),
            *_show_probes(store),
            *build_tour(store),
            _build_section("glossary", "Glossary", _list_terms()),
            _build_section("sources", "Sources", _split_paragraphs(_SOURCES)),
        ]
    }


def _build_section(name: str, title: str, blocks: list[Block]) -> dict[str, Any]:
    return {"id": name, "title": title, "blocks": blocks}


def _list_terms() -> list[Block]:
    return [{"terms": [[name_entry(term), term, meaning] for term, meaning in GLOSSARY.items()]}]


def _show_probes(store: RunStore) -> list[dict[str, Any]]:
    """Shows how well each layer separates the classes; nothing where the stage `probe` has not run."""
    rows = read_probes(store)
    if not rows:
        return []
    words = (
        f"A linear head is trained on the mean of every channel of a layer, and tested on images held out: "
        f"{format_count(rows[0]['n_images'])} images in {rows[0]['n_folds']} folds. Bands are 95 % intervals (Wilson)."
    )
    figures = {theme: json.loads(build_layers(rows, theme).to_json()) for theme in PALETTES}
    heads = ["Layer", {"name": "Accuracy", "class": "number"}, {"name": "95 % interval", "class": "number"}]
    cells = [
        [
            row["layer"],
            format_percent(row["accuracy"]),
            f"{format_percent(row['ci_low'])} to {format_percent(row['ci_high'])}",
        ]
        for row in rows
    ]
    blocks: list[Block] = [
        {"p": words},
        {"figure": {"name": "Accuracy of a linear head by layer", "themes": figures}},
        {"table": {"heads": heads, "rows": cells}},
    ]
    return [_build_section("probe", "How well each layer separates the classes", blocks)]


def _split_paragraphs(text: str) -> list[Block]:
    """Returns a block per paragraph; paragraphs are separated by an empty line."""
    return [{"p": " ".join(paragraph.split())} for paragraph in text.split("\n\n") if paragraph.strip()]


def _count_images(store: RunStore) -> str:
    """Counts the images of the run; of the classes that are open where these are some of them."""
    here, of_run = store.n_images_of_classes, store.n_images
    return format_count(of_run) if here == of_run else f"{format_count(here)} of {format_count(of_run)} of the run"


def _list_facts(store: RunStore, names_folders: bool) -> list[list[str]]:
    """Lists the facts in the manifest; a fact that it does not state is left out."""
    model, dataset = store.manifest.get("model", {}), store.manifest.get("dataset", {})
    facts: list[tuple[str, Any]] = [
        ("Model", store.model_name),
        ("Source of the model", _describe_source(model.get("source"), names_folders)),
        ("Input", _describe_input(model)),
        ("Outputs", describe_outputs(model)),
        ("Recorded layers", f"{len(store.layers)}: {', '.join(store.layer_names)}"),
        ("Dataset", store.dataset_name),
        ("Images", _count_images(store)),
        ("Skipped images", _describe_skipped(store.manifest.get("images") or {})),
        ("Classes", format_count(len(store.classes))),
        ("Labels", _describe_labels(dataset)),
        ("Accuracy", _describe_accuracy(store.manifest.get("images") or {})),
        ("Folder", describe_place(store.path) if names_folders else None),
        ("Made", str(store.manifest.get("created", "")).replace("T", " ")[:16]),
        ("Computing took", _describe_seconds(store)),
        ("Libraries", ", ".join(f"{name} {version}" for name, version in store.manifest.get("versions", {}).items())),
    ]
    return [[name, str(value)] for name, value in facts if value]


def _describe_source(source: str | None, names_folders: bool) -> str | None:
    """Returns the source of the model; of a file with a full path the name alone where folders are not named."""
    if source is None or names_folders or not Path(source).is_absolute():
        return source
    return Path(source).name


def _describe_input(model: Mapping[str, Any]) -> str:
    size, how = model.get("input_size"), model.get("preprocess") or {}
    steps = [" × ".join(map(str, size if isinstance(size, list) else [size, size]))] if size else []
    if how:
        resizing = _describe_resizing(how["resize"]) if how["resize"] else "not resized"
        crop = f"crop {_format_size(how['crop'])}" if how["crop"] else "not cropped"
        steps.append(f"{resizing}, {crop}, {how['channels']}, 0 to {how['scale']:g}")
    return "; ".join(steps)


def _describe_skipped(images: Mapping[str, Any]) -> str:
    """Counts the images that were unreadable or gave no finite numbers, and names the first with the reason."""
    skipped = images.get("skipped") or {}
    first = [f"{path}: {reason}" for path, reason in list(skipped.items())[:_SKIPPED_NAMED]]
    more = [f"{len(skipped) - len(first):,} more in manifest.json"] if len(skipped) > len(first) else []
    return f"{format_count(len(skipped))} ({'; '.join(first + more)})" if skipped else ""


def _describe_resizing(side: int | list[int]) -> str:
    """Describes the resizing: a short side, or height and width to which an image is squashed."""
    return f"squashed to {_format_size(side)}" if isinstance(side, list) else f"short side {side}"


def _format_size(side: int | list[int]) -> str:
    return " × ".join(map(str, side)) if isinstance(side, list) else str(side)


def _describe_labels(dataset: Mapping[str, Any]) -> str:
    known = dataset.get("labels_are_outputs")
    if known is None:
        return ""
    by = _LABELS_BY.get(dataset.get("outputs_by", ""), "")
    if known:
        return f"the model's outputs{by}"
    return f"classes of outputs{by or ', by a mapping'}" if dataset.get("class_outputs") else "not the model's outputs"


def _describe_accuracy(images: Mapping[str, Any]) -> str:
    if images.get("top1_accuracy") is None:
        return ""
    n = format_plural(images.get("n_with_accuracy") or images.get("n_read") or 0, "image")
    return (
        f"top-1 {format_percent(images['top1_accuracy'])}, top-5 {format_percent(images.get('top5_accuracy'))} of {n}"
    )


def _describe_seconds(store: RunStore) -> str:
    stages = store.manifest.get("stages", {})
    known = {name: stage["seconds"] for name, stage in stages.items() if stage.get("seconds") is not None}
    return ", ".join(f"{name} {seconds:.0f} s" for name, seconds in known.items())


def _explain_method(store: RunStore) -> list[Block]:
    config = store.manifest.get("config", {})
    aggregate, graphs, embedding = (config.get(name) or {} for name in ("aggregate", "graphs", "embedding"))
    text = _METHOD.format(
        mass=format_percent(aggregate.get("activation_mass", 0.03)),
        top_k=aggregate.get("top_k", 5),
        measures=_explain_measures(store),
        damping=graphs.get("damping", 0.85),
        initial_mass=format_percent(graphs.get("initial_mass", 0.075)),
        n_neighbors=embedding.get("n_neighbors", 15),
        min_dist=embedding.get("min_dist", 0.1),
        seed=embedding.get("seed", 0),
    )
    return [*_split_paragraphs(text), *_list_gaps(store)]


def _explain_measures(store: RunStore) -> str:
    names = {link.influence for link in store.links.values()}
    if not names:
        return "The run does not tell how it was measured."
    return " ".join(_explain_measure(name) for name in sorted(names))


def _explain_measure(name: str) -> str:
    """Explains a measure of influence in sentences; one that the glossary does not know is only named."""
    term = INFLUENCE_MEASURES.get(name)
    return name if term is None else term.details or f"{name.capitalize()}: {term.meaning}."


def _list_gaps(store: RunStore) -> list[Block]:
    """Returns blocks that list the gaps of an imported run and the faults of its source."""
    imported = store.manifest.get("imported")
    if not imported:
        return []
    faults = imported.get("faults", {})
    gaps = [{"p": f"Imported from {imported.get('source', 'elsewhere')}. {' '.join(imported.get('gaps', []))}"}]
    if faults.get("n_listed_bottleneck"):
        gaps.append({"p": _FAULTS.format(**{name: format_count(n) for name, n in faults.items()})})
    return gaps


def _count_pictures(store: RunStore) -> list[dict[str, Any]]:
    """Builds the section that compares feature visualizations with images, by layer; none where none was tried."""
    counts = {layer: store.pictures.count_pictures(layer) for layer in store.layers}
    tried = {layer: n for layer, n in counts.items() if n.n_pictures or n.n_dead}
    if not tried:
        return []
    n_compared = sum(n.n_compared for n in tried.values())
    n_beating = sum(n.n_beating_best_example for n in tried.values())
    beating = (
        f"{format_part(n_beating, n_compared)} do ({format_percent(n_beating / n_compared)})."
        if n_compared
        else _NOT_COMPARED
    )
    rows = [
        [
            layer,
            format_count(store.layers[layer].n_channels),
            format_count(n.n_pictures),
            format_part(n.n_beating_best_example, n.n_compared) if n.n_compared else DASH,
            format_count(n.n_dead),
        ]
        for layer, n in tried.items()
    ]
    table = {"heads": ["Layer", "Channels", "Pictures", "Stronger than any image", "Dead"], "rows": rows}
    blocks = [*_split_paragraphs(_PICTURES.format(beating=beating)), {"table": table}]
    return [_build_section("pictures", "How strongly the pictures excite", blocks)]


_PICTURES = """
A feature visualization should excite its channel more than any image of the run does. Of the pictures that can be
compared {beating} That says that drawing them worked, not that a channel means what its picture
shows. Dead are channels without a picture, because their objective never rose above its start.
"""
_NOT_COMPARED = "there are none: this run does not tell how strongly they excite."

_VIEWS = """
The [list of classes](?view=graph) holds every label of the dataset with its top-1 accuracy, how probable the model
found the true class (a bar per twentieth, 0 at the left), and how similar it is to the selected class at the
selected layer. Search forgives typing errors and knows synsets.

The embedding above it places the classes: near each other where they use the same channels of the layer. Go from the
first layer to the last to see families of classes come apart.

The [attribution graph](?view=graph) of a class holds the channels that matter most to it, the output on top, each drawn
as the picture that excites it; larger where more of the class's images use it. Lines are influences, wider where they
count in more images.

The [comparison](?view=compare) lays two classes' graphs over each other: what they share, what is one's alone, a number
per layer, and the layer where they part.

The name above the graph opens [the panel of the class](?view=graph&panel=class).

The [page of channels](?view=channels) shows a whole layer, and how many classes use which share of its channels.
"""

_METHOD = """
Activation. Of every image and layer the greatest activation of each channel over all positions is taken. The smallest
set of channels that holds {mass} of the layer's sum are the image's strongest; a class's activation count of a
channel is the number of its images whose set holds it (Hohman et al. 2020, section 6.1).

Influence. For every image and channel the {top_k} sources with the greatest positive influence are counted. {measures}

Attribution graph. Personalized PageRank on the graph of all channels, edges weighted by influence counts, restarts at
channels in proportion to their activation counts (damping {damping}). The channels of highest score are kept, from
a share of {initial_mass} of all scores on, raised until the layers are connected (section 6.3).

Similarity of two classes: the cosine of their activation counts in a layer. Comparison: the Jaccard index of the two
graphs' channels; the parting layer is the first from which it stays below one half.

Embedding. UMAP of the activation counts, one layout per layer (cosine, {n_neighbors} neighbours, min_dist {min_dist},
seed {seed}), each started from the layer before, so that points move little.

Pictures. A dataset example is the crop, as large as the channel's receptive field, around the position where an image
excites it most. A feature visualization is optimised from noise to excite the channel.

Prototypes. What looks like a class to the model: a picture optimised for the log of the class's probability, less a
penalty for its squared distance from the mean. From pixels alone nothing holds it near any image (Simonyan et al.
2014); in the code space of a generator it is the picture of a code, from the typical code that the model gives the
class to most (Nguyen et al. 2016). The probability is that of the picture as it is stored.
"""

_FAULTS = (
    "Faults of the source: of {n_listed} listed strongest inputs {n_listed_bottleneck} are channels of a bottleneck, "
    "not of the layer before; they are left out. Of {n_edges} influences {n_edges_composed} end in such branches, and "
    "{n_edges_repeating} of those repeat a constant weight; they are kept as published."
)

_SOURCES = """
Fred Hohman, Haekyu Park, Caleb Robinson, Duen Horng (Polo) Chau: Summit. Scaling deep learning interpretability by
visualizing activation and attribution summarizations. IEEE TVCG 26(1), 2020.

Chris Olah, Alexander Mordvintsev, Ludwig Schubert: Feature visualization. Distill, 2017.

Karen Simonyan, Andrea Vedaldi, Andrew Zisserman: Deep inside convolutional networks. ICLR workshop, 2014.

Anh Nguyen, Alexey Dosovitskiy, Jason Yosinski, Thomas Brox, Jeff Clune: Synthesizing the preferred inputs for neurons
in neural networks via deep generator networks. NeurIPS, 2016.

Leland McInnes, John Healy, James Melville: UMAP. arXiv:1802.03426, 2018.

Lawrence Page, Sergey Brin, Rajeev Motwani, Terry Winograd: The PageRank citation ranking. Stanford, 1999.
"""
