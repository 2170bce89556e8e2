# The one vocabulary, for people and for CI. It needs python3 with venv, make and git; the rest it installs into .venv.
# `make` alone lists the words.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements/development.txt
DEMO_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=
FUZZ ?= exchange
FUZZ_ARGS ?= -max_total_time=600

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz lint format bench docs peers lock clean

help: ## list these words
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/installed: $(LOCK) pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(VENV)/installed ## a small archive of real images: served, queried, shown (DEMO_ARGS=--once ends by itself)
	$(BIN)/findicon demo $(DEMO_ARGS)

test: $(VENV)/installed ## every test; what it skipped and why stands in its last line
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(TEST_ARGS)

fuzz: $(VENV)/installed ## ten minutes of bytes that coverage guides (FUZZ= names a target in tests/fuzz)
	$(BIN)/python tests/fuzz/$(FUZZ).py $(FUZZ_ARGS)

lint: $(VENV)/installed ## format, style, types, walls between the rooms
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed ## put the source into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/installed ## measure beside the peers, write benchmarks/results
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

docs: $(VENV)/installed ## write again the pages that are made from the code
	$(BIN)/python -m docs

peers: ## install the Debian packages that the peer tests talk to (root, or sudo)
	$$(test $$(id -u) = 0 || echo sudo) sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends dcmtk orthanc orthanc-dicomweb postgresql chromium tmux'

lock: pyproject.toml ## pin again (versions and hashes, no addresses)
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet uv
	$(VENV)-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --no-emit-index-url \
		--no-annotate --no-header --all-extras --group dev pyproject.toml --output-file $(LOCK)
	rm -rf $(VENV)-lock

clean: ## remove what these words made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build dist
