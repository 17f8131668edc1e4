"""The parts of the page, a module each. A module that exports `PAGE` is a view with a tab of its own."""
