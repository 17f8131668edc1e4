# `make demo`, `make test`, `make test-fast`, `make bench`, `make bench-ui [RUN=...]`: each sets up all that it needs in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-fast check bench bench-ui models screenshots clean

demo: $(VENV)/demo.stamp
	$(BIN)/summit-dash demo

# Two workers, whole files each: fixtures of a file are made once. tests/conftest.py puts the longest files first.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test: $(VENV)/test.stamp check
	$(PYTEST)

# What a change is tried with while it is written: no browser, no killing, no Ray, no large architecture.
test-fast: $(VENV)/test.stamp
	$(PYTEST) --ignore tests/browser --ignore tests/real -m "not (browser or kill or ray or real or gpu or slow)"

check: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit -q -c pyproject.toml -r precompute summit_dash
	$(BIN)/python -m tests.js.check

bench: $(VENV)/test.stamp
	$(BIN)/python -m benchmarks.run

bench-ui: $(VENV)/test.stamp
	$(BIN)/python -m benchmarks.ui $(RUN)

models: $(VENV)/test.stamp
	$(BIN)/python -m benchmarks.models

screenshots: $(VENV)/test.stamp
	$(BIN)/summit-dash demo --no-serve --out runs/demo
	$(BIN)/python -m tests.browser.screenshots runs/demo runs/screenshots --class "black bear" --vs "brown bear"
	mkdir -p docs/images
	cd runs/screenshots && cp compare-1440-light.png graph-1440-dark.png graph-right-1440-light.png \
		compare-sides-1440-light.png channels-1440-light.png about-1440-light.png ../../docs/images
	$(BIN)/python -m tests.browser.two_animals runs/demo runs/screenshots
	cp runs/screenshots/two-animals-cells-1440-light.png runs/screenshots/two-animals-channels-1440-light.png docs/images

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 ..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.stamp: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[precompute]'
	touch $@

$(VENV)/test.stamp: setup.cfg pyproject.toml tests/browser/install.py tests/js/package-lock.json | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	$(BIN)/python -m tests.browser.install
	$(BIN)/python -m tests.js.build --install
	touch $@ $(VENV)/demo.stamp

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache
