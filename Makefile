# Everything sets itself up: Python 3.11 or newer with venv, and make, are all a machine needs.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo up test check bench bench-stock bench-sourcing chaos chaos-mutants lock clean

help:
	@echo "make demo         place a day of orders in a local stack and watch them through"
	@echo "make up           start the local stack; Ctrl-C stops it"
	@echo "make test         run all tests"
	@echo "make check        lint, format, types and the direction of imports"
	@echo "make bench        measure, and print what docs/benchmarks.md says"
	@echo "make bench-stock  time reservations and reads of stock beside plain statements"
	@echo "make bench-sourcing  compare sourcing with the usual rules and with hindsight"
	@echo "make chaos        break a stack while clients use it, and check what is left of their orders"
	@echo "make chaos-mutants  plant known bugs, and see that something catches each"
	@echo "make lock         resolve the dependencies again"
	@echo "make clean        remove the virtual environment, the caches and the local stack's data"

# Made anew when the locks change.
.venv/stamp: requirements.lock requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Ariane needs Python 3.11 or newer, and $(PYTHON) is not: make PYTHON=python3.x" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  --requirement requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	  --editable .
	@touch $@

demo: .venv/stamp
	$(BIN)/ariane demo

up: .venv/stamp
	$(BIN)/ariane up

test: .venv/stamp
	$(BIN)/python -m pytest

check: .venv/stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/stamp
	$(BIN)/ariane bench --write docs/benchmarks.md

bench-stock: .venv/stamp
	$(BIN)/ariane bench-stock --write docs/benchmarks.md

bench-sourcing: .venv/stamp
	$(BIN)/ariane bench-sourcing --write docs/benchmarks.md

# A seed of another campaign, more minutes or hours: make chaos ARGS="--seed 7 --hours 1"
chaos: .venv/stamp
	$(BIN)/ariane chaos $(ARGS)

chaos-mutants: .venv/stamp
	$(BIN)/python -m tests.mutants --write

# The first file is what a server runs; the second, with the local stack and the tools, is for work
# here, and repeats the first one's versions: what is tested is what is run.
LOCK = $(BIN)/uv pip compile pyproject.toml --quiet --universal --generate-hashes \
  --no-emit-index-url --no-header --no-annotate $(UPGRADE)

lock: .venv/stamp
	$(LOCK) --output-file requirements.lock
	$(LOCK) --extra local --extra trial --extra dev --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf .venv .ariane .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache \
	  .schemathesis
