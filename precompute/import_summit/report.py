"""The report of an import: the source of the data, its gaps and its faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from precompute.contract.wording import format_count
from precompute.import_summit.network import SUMMITS, Network
from precompute.import_summit.pictures import Pictures
from precompute.import_summit.tables import ImportedClass

__all__ = ["list_faults", "list_gaps", "print_import"]

_MOST_CLASSES = 50
_COLUMNS = {
    "nodes": "n_nodes",
    "edges": "n_edges",
    "composed": "n_edges_composed",
    "repeat": "n_edges_repeating",
    "attr": "n_listed",
    "kept": "n_listed_kept",
    "left out": "n_listed_bottleneck",
    "contra": "n_listed_contradicting",
    "range": "n_listed_out_of_range",
}
"""Headings of the table of classes, and the names of the counts under them."""
_EMBEDDINGS = {
    "summit": "Embedding: Summit's own, from imagenet.json.",
    "umap": "Embedding: computed from the activation counts that are told, by UMAP (of fewer than five classes "
    "by principal components); it is not the published one.",
    "pca": "Embedding: computed from the activation counts that are told, by principal components, because UMAP is not "
    "installed (pip install umap-learn, then import with --overwrite); it is not the published one.",
}


def list_gaps(
    classes: Sequence[ImportedClass],
    pictures: Pictures,
    n_told: Mapping[str, int],
    embedding: str,
    network: Network = SUMMITS,
) -> list[str]:
    """Lists the facts that the data does not hold, a sentence each.

    Args:
        classes: sorted by class_id.
        pictures: the files of pictures.
        n_told: number of classes that `imagenet.json` describes, under the name of the file.
        embedding: `summit`, `umap` or `pca`.
        network: of the data.
    """
    is_exported = embedding == "summit" and not network.is_summits
    return [
        *_list_class_gaps(classes, n_told, network),
        *_list_table_gaps(classes, network),
        "Embedding: that of the run, from imagenet.json." if is_exported else _EMBEDDINGS[embedding],
        *_list_picture_gaps(pictures),
    ]


def _list_class_gaps(classes: Sequence[ImportedClass], n_told: Mapping[str, int], network: Network) -> Iterator[str]:
    n = len(classes)
    unnamed = sum(c.name == f"class {c.class_id}" for c in classes)
    if unnamed:
        yield f"Names: none for {unnamed:,} of {n:,} classes; --labels FILE.csv gives them."
    if not n_told["imagenet.json"]:
        yield "imagenet.json is not there: accuracies, histograms and numbers of images are not told."
    for title, missing in (
        ("Accuracies (top-1)", sum(c.facts.top1_accuracy is None for c in classes)),
        ("Probability histograms", sum(c.facts.probability_histogram is None for c in classes)),
    ):
        if missing and n_told["imagenet.json"]:
            yield f"{title}: none for {missing:,} of {n:,} classes."
    if network.is_summits and any(c.facts.probability_histogram is not None for c in classes):
        yield "Histograms (accs): of the most probable output of each image, be it the class or another."
    if stand_ins := sum(c.facts.n_images is None for c in classes):
        found = "the greatest count of the class's graph stands for it, and there are at least so many"
        yield f"Number of images: not told for {stand_ins:,} of {n:,} classes; {found}."
    if corrected := sum(c.facts.n_images is not None and c.facts.n_images != c.n_images for c in classes):
        found = "imagenet.json tells fewer than a count of the graph, which stands"
        yield f"Number of images: for {format_count(corrected, 'classes')} {found}."


def _list_table_gaps(classes: Sequence[ImportedClass], network: Network) -> Iterator[str]:
    listed = sum(bool(c.facts.counts) for c in classes)
    if listed:
        told = format_count(listed, "classes")
        yield f"Activation counts: as imagenet.json lists them for {told}, and those of the graphs' nodes."
        if differing := sum(_count_differing(c, network) for c in classes):
            yield f"Activation counts: {differing:,} differ between imagenet.json and a graph, whose count is taken."
    else:
        yield "Activation counts: those of the graphs' nodes alone; a channel without one is not told, and not 0."
    yield "Influences: the graphs' edges, and those of the strongest three per node that join recorded channels."
    top5 = "top-5 accuracies, " if network.is_summits else ""
    yield f"Not told at all: {top5}mean activations and influences, the PageRank mass, the images."
    order = "Summit's order" if network.is_summits else "the run's order"
    yield f"Dataset examples: in {order}; their images, activations and places in the image are not told."


def _count_differing(known: ImportedClass, network: Network) -> int:
    """Counts the nodes whose count in `imagenet.json` is another."""
    return sum(
        known.facts.counts.get(network.layers[node.layer].file_name, {}).get(node.channel, node.activation_count)
        != node.activation_count
        for node in known.graph.nodes
    )


def _list_picture_gaps(pictures: Pictures) -> Iterator[str]:
    if not pictures.files:
        yield "Pictures: none; feature-vis is not there or empty."
    else:
        yield "Feature visualizations: objective values and numbers of steps are not told."


# --- for the user ---------------------------------------------------------------------------------------------------


def list_faults(faults: Mapping[str, int]) -> Iterator[str]:
    """Lists the faults of the published graphs, a sentence each.

    Args:
        faults: as `Faults.to_dict` returns them.
    """
    f = faults
    if f["n_listed_bottleneck"]:
        yield (
            f"{f['n_listed_bottleneck']:,} of {f['n_listed']:,} attr_channels, of {f['n_nodes_listing_bottleneck']:,} "
            f"of {f['n_nodes']:,} nodes, left out: they number channels of the bottleneck before a 3x3 or 5x5 "
            f"convolution, not channels of the layer before. {f['n_bottleneck_fitting']:,} are less than the "
            f"bottleneck's width; {f['n_bottleneck_coinciding']:,} have the number of a channel with an edge to the "
            f"node, {f['n_bottleneck_agreeing']:,} of these its count."
        )
    if f["n_listed_contradicting"]:
        yield f"{f['n_listed_contradicting']:,} attr_channels left out: the edge has another count, which is kept."
    if f["n_listed_out_of_range"]:
        yield f"{f['n_listed_out_of_range']:,} attr_channels left out: no channels of the layer before."
    if f["n_listed_kept"]:
        yield (
            f"{f['n_listed_kept']:,} attr_channels kept as influences: {f['n_listed_as_edges']:,} are edges with the "
            f"same count; {f['n_listed_without_edge']:,} join two nodes that no edge joins."
        )
    if f["n_edges_composed"]:
        yield (
            f"{f['n_edges_composed']:,} of {f['n_edges']:,} edges, to 3x3 and 5x5 branches, kept with counts that are "
            f"the lesser of two steps: {f['n_edges_repeating']:,} repeat the count of another edge from the same "
            f"channel to the same branch; {f['n_edges_above_step']:,} are above the node's strongest attr_channel."
        )


def print_import(manifest: Mapping[str, Any], out: Path, console: Console) -> None:
    """Prints the report of an import."""
    imported = manifest["imported"]
    faults, classes = imported["faults"], imported["classes"]
    found = f"{len(classes):,} classes, {faults['n_nodes']:,} nodes and {faults['n_edges']:,} edges, as in the files."
    console.print(f"Attribution graphs: {found}", highlight=False, soft_wrap=True)
    if len(classes) <= _MOST_CLASSES:
        console.print(_build_class_table(classes, faults))
    is_faulty = any(faults[name] for name in ("n_listed_bottleneck", "n_listed_contradicting", "n_listed_out_of_range"))
    title = "Faults of the published data" if is_faulty or faults["n_edges_composed"] else "Influences in the files"
    _print_list(title, [*list_faults(faults)], console)
    _print_list("Not told, or told otherwise", imported["gaps"], console)
    _print_list("Pictures", [*_list_picture_faults(imported)], console)
    console.print(
        f"All numbers, class by class: {out / 'manifest.json'}, under imported.", highlight=False, soft_wrap=True
    )
    console.print(f"Run: {out}\nOpen it: summit-dash serve {out}", highlight=False, soft_wrap=True)


def _build_class_table(classes: Mapping[str, Mapping[str, int]], faults: Mapping[str, int]) -> Table:
    table = Table("class", box=None, pad_edge=False, header_style="dim")
    for heading in _COLUMNS:
        table.add_column(heading, justify="right")
    for name, numbers in [*classes.items(), ("all", faults)]:
        table.add_row(name, *(f"{numbers[column]:,}" for column in _COLUMNS.values()))
    return table


def _list_picture_faults(imported: Mapping[str, Any]) -> Iterator[str]:
    pictures = imported["pictures"]
    yield f"{pictures['n_files'] - len(pictures['unreadable']):,} of {pictures['n_files']:,} encoded."
    if pictures["unreadable"]:
        told = (f"{path}: {reason}" for path, reason in pictures["unreadable"].items())
        yield f"{len(pictures['unreadable']):,} could not be read: {_join_some(told)}"
    for kind, channels in pictures["missing"].items():
        yield f"Channels of graphs without a picture as {kind}, {len(channels):,} in all: {_join_some(channels)}"
    if imported["other_files"]:
        files = imported["other_files"]
        yield f"Not of the published names, {format_count(len(files), 'files')}: {_join_some(files)}"
    if imported["other_folders"]:
        yield f"Folders passed over: {_join_some(imported['other_folders'])}"


def _join_some(names: Any, most: int = 5) -> str:
    known = list(names)
    return ", ".join(known[:most]) + (f", and {len(known) - most:,} more." if len(known) > most else ".")


def _print_list(title: str, lines: Sequence[str], console: Console) -> None:
    if lines:
        console.print(f"{title}:", highlight=False)
        for line in lines:
            console.print(f"  - {escape(line)}", highlight=False, soft_wrap=True)
