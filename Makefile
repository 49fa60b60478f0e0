# Two commands need nothing but Python 3.10+ and git: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint types imports tests browser cluster crash bench downstream clean

help:  ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): pyproject.toml scripts/make_venv.py
	$(PYTHON) scripts/make_venv.py $(VENV) --editable '.[dev]'
	@touch $@

setup: $(STAMP)  ## Create the environment in .venv

demo: $(STAMP)  ## Make a project from the default starter in build/, run it, say what was made
	$(BIN)/python scripts/demo.py

test: check tests browser cluster  ## Lint, types, import contracts, tests, in a browser and on clusters too

check: lint types imports  ## ruff, mypy --strict, import contracts

lint: $(STAMP)
	$(BIN)/ruff check src tests benchmarks downstream scripts
	$(BIN)/ruff format --check src tests benchmarks downstream scripts

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports --no-cache

tests: $(STAMP)
	$(BIN)/pytest -n $(JOBS)

browser: $(STAMP)  ## Tests of the page in a real browser, which is installed where that is possible
	$(BIN)/python scripts/browser_tests.py

cluster: $(STAMP)  ## Tests on Dask and Ray, which are installed where that is possible: 300 MB more
	$(BIN)/python scripts/cluster_tests.py

crash: $(STAMP)  ## Kill runs at each of their steps and at many random moments
	$(BIN)/pytest -m exhaustive -n $(JOBS)

bench: $(STAMP)  ## Measure against real Kedro and a raw loop, in one run
	$(BIN)/python -m benchmarks

downstream: $(STAMP)  ## Run the recipes of real plugins under the drop-in
	$(BIN)/python -m downstream

clean:  ## Remove what was built
	rm -rf build dist $(VENV) .venvs .mypy_cache .ruff_cache .pytest_cache
