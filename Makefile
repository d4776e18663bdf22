# Every target does its own set-up: only Python (3.11 or newer) and pip need to be there.
PYTHON ?= python3
# One for each interpreter: `make PYTHON=python3.12 test` does not use that of python3.
VENV := .venv$(if $(filter-out python3,$(PYTHON)),-$(notdir $(PYTHON)))
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# What shows something, the examples too, needs far less than what tests: it shall be there within a
# minute.
SHOWS := $(VENV)/.shows
# Many tests wait, for a process or a time-out: with three at once two cores are busy.
JOBS ?= 3
PIP := -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: playground demo test test-lowest lint types check bench compliance chaos reliability docs clean

playground: $(SHOWS)  ## Open a page on which to break a connection, and watch it heal.
	@$(BIN)/wsengine playground $(ARGS)

demo: $(SHOWS)  ## Watch an endpoint talk to a server, lose it three times, and come back.
	@$(BIN)/wsengine demo $(ARGS)
	@echo "To break a connection with your own hands: make playground"

test: $(READY)  ## Run the tests, with branch coverage (LOOP=uvloop: all on that event loop; JOBS=0: one after the other).
	WSENGINE_LOOP=$(LOOP) $(BIN)/pytest -n $(JOBS) --dist loadfile --cov --cov-report=term $(ARGS)

test-lowest:  ## Run the tests with the lowest versions that pyproject.toml allows.
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check \
		-c constraints-lowest.txt -e ".[dev]"
	WSENGINE_LOOP=$(LOOP) .venv-lowest/bin/pytest -n $(JOBS) --dist loadfile $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

check: test lint types

bench: $(READY)  ## Measure against the bare library, in one interleaved run.
	$(BIN)/python -m benchmarks $(ARGS)

compliance: $(READY)  ## Have Autobahn|Testsuite test the engine with every adapter (needs Python 2.7).
	@$(BIN)/python -m compliance $(ARGS)

chaos: $(READY)  ## Attack engines on every adapter (SEED=, SECONDS=, ARGS="--help").
	@$(BIN)/python -m chaos $(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS)) $(ARGS)

reliability: $(READY)  ## Put the engine and other libraries into the same bad situations (ARGS="--help").
	@$(BIN)/python -m comparison $(ARGS)

docs: $(READY)  ## Write the generated parts of the documentation, and build its site.
	$(BIN)/python docs/generate.py
	$(BIN)/python -m sphinx --quiet --fail-on-warning --nitpicky -b html docs docs/_build
	@echo "The site: docs/_build/index.html"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "wsengine needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(SHOWS): pyproject.toml constraints.txt | $(BIN)/python
	@test $(READY) -nt pyproject.toml && test $(READY) -nt constraints.txt || \
		$(BIN)/python $(PIP) -e ".[demo,fast,msgspec,otlp,picows]"
	@touch $@

$(READY): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing what the tests need ..."
	@$(BIN)/python $(PIP) -e ".[dev]"
	@touch $@

clean:
	rm -rf $(VENV) .venv-lowest build dist .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis docs/_build
	rm -rf compliance/.autobahn
