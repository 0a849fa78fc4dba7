# Loa: every task of the house. `make` alone lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo serve test check pictures soak fuzz bench lock clean

help: ## what can be done here
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

demo: $(VENV)/runtime ## the main job with embedded partners (ARGS=--once ends when all is delivered)
	$(BIN)/loa demo $(ARGS)

serve: $(VENV)/runtime ## the server, configured by loa.toml (ARGS="--config other.toml")
	$(BIN)/loa serve $(ARGS)

test: $(VENV)/dev ## every test that needs no system package (ARGS="-k name")
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: $(VENV)/dev ## lint, format, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

pictures: $(VENV)/dev ## screenshots of every page into build/pictures (needs Chromium)
	LOA_PICTURES=build/pictures $(BIN)/python -m pytest tests/story/test_pages.py tests/story/test_partner_pages.py \
		tests/story/test_office.py tests/story/test_refused.py

soak: $(VENV)/dev ## faults at length: 200 kills, every fault at every statement and commit (ARGS="-k kill")
	LOA_SOAK=1 $(BIN)/python -m pytest --durations=0 --timeout=0 tests/story/test_kills.py tests/story/test_fail_points.py \
		tests/scheduler/test_database_faults.py tests/story/test_nodes.py tests/story/test_full_disk.py tests/story/test_cut_off.py $(ARGS)

fuzz: $(VENV)/dev ## the API at length by Schemathesis, with a token of every role: an hour and more (ARGS="-k hung")
	LOA_SOAK=1 $(BIN)/python -m pytest --durations=0 --timeout=0 tests/desk/web/test_schemathesis.py $(ARGS)

bench: $(VENV)/dev ## timings as ratios within one run
	$(BIN)/python -m tests.bench $(ARGS)

lock: $(VENV)/dev ## resolve the dependencies anew (maintainers; needs the registry)
	$(PIP) install --quiet uv
	$(BIN)/$(LOCK) --upgrade --group build -o requirements.lock
	$(BIN)/$(LOCK) --upgrade --group build --group dev -o requirements-dev.lock

clean: ## remove what make made
	rm -rf $(VENV) build ./*.egg-info

$(VENV)/python:
	@echo "[1/3] making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Loa needs Python 3.11 or newer: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/runtime: $(VENV)/python requirements.lock pyproject.toml
	@echo "[2/3] installing what Loa runs on (hash-locked)"
	@$(PIP) install --require-hashes --no-deps -r requirements.lock
	@echo "[3/3] installing Loa"
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: $(VENV)/runtime requirements-dev.lock
	@echo "[dev] installing what tests and checks need (hash-locked)"
	@$(PIP) install --require-hashes --no-deps -r requirements-dev.lock
	@touch $@
