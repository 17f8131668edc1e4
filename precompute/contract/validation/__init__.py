"""The checks of a run against the contract: its tables one by one, their references, and their totals."""
