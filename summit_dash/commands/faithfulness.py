"""`summit-dash faithfulness`, whose classes are named as everywhere in the dashboard."""

from __future__ import annotations

from precompute.commands.building import build_command
from precompute.commands.faithfulness import FaithfulnessOptions, run_faithfulness
from summit_dash.commands.classes import find_class_ids

__all__ = ["faithfulness"]


def _run(options: FaithfulnessOptions) -> None:
    run_faithfulness(options, find_class_ids(options.run, options.classes))


faithfulness = build_command(FaithfulnessOptions, _run)
