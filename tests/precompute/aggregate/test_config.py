"""The config of the pass: the choices that the command line shows."""

from __future__ import annotations

import subprocess
import sys

from precompute.aggregate.config import MEASURES, AggregateConfig
from precompute.aggregate.influence.registry import find_measures
from precompute.contract.glossary import INFLUENCE_MEASURES


def test_the_choices_of_influence_are_auto_and_the_glossary_in_its_order() -> None:
    assert ("auto", *INFLUENCE_MEASURES) == MEASURES
    assert MEASURES[:4] == ("auto", "traced", "summit", "gradient")
    assert AggregateConfig().influence in MEASURES


def test_every_choice_is_a_measure_that_exists_and_has_a_citation() -> None:
    assert set(find_measures()) == set(INFLUENCE_MEASURES)
    without = [name for name, term in INFLUENCE_MEASURES.items() if not term.citation]
    assert without == [], "each has author, year and section of its definition"


def test_the_choices_are_known_without_torch() -> None:
    """The command line shows them in its help; importing torch takes seconds."""
    program = "import sys; from precompute.aggregate.config import MEASURES; print(*MEASURES, 'torch' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.split() == [*MEASURES, "False"]
