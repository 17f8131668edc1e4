"""The error of bad input keeps its three parts wherever it goes."""

from __future__ import annotations

import pickle

from precompute.contract.errors import InputError


def test_the_message_is_rule_then_found_then_fix() -> None:
    error = InputError("A run is a folder.", "x is a file.", "Choose another --out.")

    assert str(error) == "A run is a folder. x is a file. Choose another --out."


def test_an_error_of_another_process_keeps_its_parts() -> None:
    error = pickle.loads(pickle.dumps(InputError("Rule.", "Found.", "Fix.")))

    assert isinstance(error, InputError)
    assert (error.rule, error.found, error.fix) == ("Rule.", "Found.", "Fix.")
    assert error.write_for_page() is error


def test_a_page_shows_its_own_next_step_also_after_another_process() -> None:
    error = InputError("Rule.", "Found.", "Give --weights FILE.", on_page="Put it back.")
    for each in (error, pickle.loads(pickle.dumps(error))):
        assert str(each) == "Rule. Found. Give --weights FILE."
        assert str(each.write_for_page()) == "Rule. Found. Put it back."
