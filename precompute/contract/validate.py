"""The check of a run against the contract of `precompute.contract.schema`, which lists in words what is wrong.

Tables are read in pieces of bounded size, so a run of tens of millions of influences needs little memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from precompute.contract.output_meanings import OUTPUT_ACTIVATIONS
from precompute.contract.schema import MANIFEST, locate_table, read_manifest
from precompute.contract.tables import TABLES
from precompute.contract.validation.facts import Facts
from precompute.contract.validation.tables import Finding, check_table, shorten
from precompute.contract.validation.totals import find_total_faults

__all__ = ["OTHER_STAGES", "Finding", "validate"]

OTHER_STAGES: Mapping[str, tuple[str, ...]] = {
    "faithfulness": ("faithfulness",),
    "explanation_quality": ("explanation_quality",),
    "import": (
        *("classes", "layers", "activations", "influences"),
        *("attribution_graph_nodes", "attribution_graph_edges", "attribution_graphs"),
    ),
}
"""The tables of stages that no stage of the pipeline writes: an import, and what is added to a finished run."""

_MANIFEST_KEYS = ("created", "model", "dataset", "layers", "stages")


def validate(run: Path, tables_of_stages: Mapping[str, Sequence[str]]) -> list[Finding]:
    """Checks a run: manifest, tables of the finished stages, types, keys, references, ranges and totals.

    Tables that are there are checked even where their stage is not done. Columns beyond the contract are left alone.

    Args:
        run: the run's folder.
        tables_of_stages: the tables that are there once the manifest calls a stage done, by stage; see `list_tables` of
            the pipeline. A stage that it does not name needs no table.

    Returns:
        The findings, the manifest's first; empty when all is well.

    Raises:
        InputError: the folder is no run, its manifest is no JSON, or its schema is newer than this version's.
    """
    manifest = read_manifest(run)
    findings = _check_manifest(manifest)
    required = _find_required_tables(manifest, tables_of_stages)
    is_imported = isinstance(manifest.get("imported"), dict)
    facts = Facts(
        _read_layer_names(manifest), is_imported=is_imported, imported_settings=_find_imported_settings(manifest)
    )
    for table in TABLES.values():
        path = locate_table(run, table.name)
        if path.is_file():
            findings += check_table(path, table, facts)
        elif table.name in required:
            rule = f"The stage {required[table.name]} is done, so it is there: {table.meaning}"
            findings.append(Finding(table.name, rule, f"{path.name} is missing."))
    dataset = manifest.get("dataset")
    totals = find_total_faults(facts, dataset if isinstance(dataset, dict) else {})
    return findings + [Finding(*total) for total in totals]


# --- manifest -------------------------------------------------------------------------------------------------------


def _check_manifest(manifest: Mapping[str, Any]) -> list[Finding]:
    rule = f"It has the keys {', '.join(_MANIFEST_KEYS)}."
    findings = [Finding(MANIFEST, rule, f"{key} is missing.") for key in _MANIFEST_KEYS if key not in manifest]
    names = _read_layer_names(manifest)
    if "layers" in manifest and (not names or len(set(names)) < len(names)):
        rule = "layers lists the names of the recorded layers from the input on, each once."
        findings.append(Finding(MANIFEST, rule, f"Found {shorten(manifest['layers'])}."))
    for key in ("dataset", "stages"):
        if key in manifest and not isinstance(manifest[key], dict):
            findings.append(Finding(MANIFEST, f"{key} is an object.", f"Found {shorten(manifest[key])}."))
    model = manifest.get("model")
    activation = model.get("output_activation") if isinstance(model, dict) else None
    if activation is not None and activation not in OUTPUT_ACTIVATIONS:
        rule = f"model.output_activation is null or one of {', '.join(OUTPUT_ACTIVATIONS)}."
        findings.append(Finding(MANIFEST, rule, f"Found {shorten(activation)}."))
    for name, stage in _read_stages(manifest).items():
        if not isinstance(stage, dict) or not isinstance(stage.get("state"), str):
            findings.append(Finding(MANIFEST, "Every stage has a state.", f"Found {name}: {shorten(stage)}."))
    return findings


def _read_layer_names(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Reads the names of the recorded layers in order, given as such or as objects. Empty if the manifest has none."""
    layers = manifest.get("layers")
    if not isinstance(layers, list):
        return ()
    names = [entry.get("layer") if isinstance(entry, dict) else entry for entry in layers]
    known = tuple(name for name in names if isinstance(name, str))
    return known if len(known) == len(names) else ()


def _find_imported_settings(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the names of the settings of imported pictures, which name their source."""
    facts = manifest.get("visualizations")
    settings = facts.get("settings") if isinstance(facts, dict) else None
    named = settings.items() if isinstance(settings, dict) else ()
    return tuple(name for name, entry in named if isinstance(entry, dict) and "imported_from" in entry)


def _read_stages(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    stages = manifest.get("stages")
    return stages if isinstance(stages, dict) else {}


def _find_required_tables(manifest: Mapping[str, Any], tables_of_stages: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Returns the tables that must be there, each with its stage."""
    done = [
        name
        for name, stage in _read_stages(manifest).items()
        if isinstance(stage, dict) and stage.get("state") == "done"
    ]
    drawn = {"prototypes": "prototypes"} if isinstance(manifest.get("prototypes"), dict) else {}
    return {**{table: stage for stage in done for table in tables_of_stages.get(stage, ())}, **drawn}
