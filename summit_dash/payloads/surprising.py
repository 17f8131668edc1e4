"""The surprising channels of a class in sentences, with examples of the class and of others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from summit_dash.payloads.preview import locate
from summit_dash.run.examples import Example
from summit_dash.run.store import RunStore
from summit_dash.run.surprising import (
    Foreign,
    Kin,
    SurprisingChannel,
    Use,
    Yardstick,
    explain_missing,
    find_surprising,
    gather_evidence,
)
from summit_dash.run.text import format_part, format_percent

__all__ = ["build_marks", "build_surprising"]

N_EXAMPLES = 4
"""Greatest number of examples of the class, and of others, by which a channel is shown."""
N_LISTED = 12
"""Greatest number of channels with examples; the others are in the graph."""
_N_NAMED = 5
"""Greatest number of kin that are named."""


def build_marks(store: RunStore, class_id: int) -> list[dict[str, Any]]:
    """Lists the surprising channels as `node`, the index in the graph's nodes, and `reasons`, a sentence each."""
    found = find_surprising(store, class_id)
    writer = _Writer(store, class_id, found.kin)
    return [{"node": each.node, "reasons": writer.write(each)} for each in found.channels]


def build_surprising(store: RunStore, class_id: int) -> dict[str, Any]:
    """Builds the surprising channels of a class, strongest first.

    Returns:
        `n_channels` of the graph, `n_surprising` of them, and `channels` with `node`, `layer`, `channel`, `signals`,
        `reasons`, and the addresses of examples: `own` of the class, `others` of other classes, each with `class_id`.
        `notes` says what could not be judged. `problem` holds rule, reason and remedy where nothing could.
    """
    problem = explain_missing(store)
    if problem:
        stated = {"rule": problem.rule, "found": problem.found, "fix": problem.fix}
        return {"n_channels": 0, "n_surprising": 0, "channels": [], "notes": [], "problem": stated}
    found = find_surprising(store, class_id)
    writer = _Writer(store, class_id, found.kin)
    listed = found.channels[:N_LISTED]
    examples = _find_examples(store, class_id, listed)
    return {
        "n_channels": len(store.graph(class_id).nodes),
        "n_surprising": len(found.channels),
        "channels": [
            {
                "node": each.node,
                "layer": each.channel.layer,
                "channel": each.channel.channel,
                "signals": [name for name in ("foreign", "odd") if getattr(each, name)],
                "reasons": writer.write(each),
                **sides,
            }
            for each, sides in zip(listed, examples, strict=True)
        ],
        "notes": _write_notes(store, class_id),
    }


def _write_notes(store: RunStore, class_id: int) -> list[str]:
    evidence = gather_evidence(store)
    if evidence.best is None:
        return ["This run has no dataset examples, so none is looked for in other classes."]
    if evidence.points is None and store.classes[class_id].group is None:
        return ["This run has neither groups nor embeddings, so no class is far from another."]
    return []


class _Writer:
    """Writes the reasons of the surprising channels of one class."""

    def __init__(self, store: RunStore, class_id: int, kin: Kin) -> None:
        self._info = store.classes[class_id]
        classes = list(store.classes.values())
        self._kin = _name_kin([classes[row].short_name for row in kin.rows], kin.by, self._info.group)

    def write(self, surprising: SurprisingChannel) -> list[str]:
        """Writes a sentence for each signal that holds."""
        sentences = []
        if surprising.odd:
            sentences.append(self._write_odd(surprising.odd))
        if surprising.foreign:
            sentences.append(self._write_foreign(surprising.foreign, surprising.channel.layer))
        return sentences

    def _write_odd(self, use: Use) -> str:
        return f"Odd among its kin: {self._write_use(use)} use it, but {_write_others(use)} of {self._kin}."

    def _write_foreign(self, foreign: Foreign, layer: str) -> str:
        share = format_percent(foreign.n_foreign / foreign.n_examples)
        is_group = foreign.by is Yardstick.GROUP
        whose = "other groups" if is_group else f"classes far away in the embedding of {layer}"
        return (
            f"Foreign: {foreign.n_foreign} of its {foreign.n_examples} best examples ({share}) are images of {whose}, "
            f"though {self._write_use(foreign.use)} use it and only {_write_others(foreign.use)} of these "
            f"{'groups' if is_group else 'classes'}."
        )

    def _write_use(self, use: Use) -> str:
        part = format_part(use.n_using, use.n_images)
        return f"{part} images of {self._info.short_name} ({format_percent(use.share)})"


def _write_others(use: Use) -> str:
    return f"{format_part(use.n_others_using, use.n_others_images)} images ({format_percent(use.others_share)})"


def _name_kin(names: Sequence[str], by: Yardstick, group: str | None) -> str:
    """Names the kin where they are few."""
    if len(names) > _N_NAMED:
        return f"the {len(names):,} other classes of its group, {group}"
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return f"{listed}, its group" if by is Yardstick.GROUP else f"{listed}, the most similar classes"


def _find_examples(
    store: RunStore, class_id: int, listed: Collection[SurprisingChannel]
) -> list[dict[str, list[dict[str, Any]]]]:
    """Finds the best examples of each channel among the class's own images, and among all that are not the class's."""
    if not store.has("dataset_examples"):
        return [{"own": [], "others": []} for _ in listed]
    kept = store.pictures.kept_examples.list_of_class([each.channel for each in listed], class_id)
    ids = list(store.classes)
    found = []
    for each in listed:
        own, best = kept[each.channel]
        owners = store.read_best_classes(each.channel.layer)[each.channel.channel] if store.has("images") else ()
        others = [
            (example, ids[row]) for example, row in _list_owned(best, owners) if row >= 0 and ids[row] != class_id
        ]
        found.append(
            {
                "own": [{**locate(each.channel, e), "class_id": class_id} for e in own[:N_EXAMPLES]],
                "others": [{**locate(each.channel, e), "class_id": owner} for e, owner in others[:N_EXAMPLES]],
            }
        )
    return found


def _list_owned(best: Sequence[Example], owners: Sequence[int]) -> list[tuple[Example, int]]:
    return [(example, int(owners[example.rank])) for example in best if example.rank < len(owners)]
