# The few commands of this project. `make` alone lists them.
#
#   make demo                        the whole loop on embedded data: no account, no network beyond the installation
#   make demo TORCH_INDEX=URL        the same with torch from another package index, e.g. one with CPU builds only
#   make test ARGS="-k walk"         further words for pytest; JOBS=1 for one file after the other
#   make test-all PYTHONS="..."      the Pythons to test with, by name or path; TORCH=torch for the newest torch
#   make bench BENCH="..."           further words for benchmarks/run.py
#   make screenshots                 the pictures of the Space in docs/space; needs Debian's chromium
#   make live-check MODEL=ID         against the real Hub, with your account: see tests/live/check.py

PYTHON ?= python3
PYTHONS ?= python3.11 python3.12 python3.13
VENV ?= .venv
TORCH ?= torch==2.13.0
TORCH_INDEX ?=
JOBS ?= 2
NEW_ENOUGH = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "hubprune needs Python 3.11 or newer: make PYTHON=...")'
PIP = $(VENV)/bin/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test coverage test-all stress lint bench docs space screenshots space-check live-check clean

help:
	@echo "make demo        the whole loop on embedded data, installed into $(VENV)"
	@echo "make test        the tests"
	@echo "make coverage    the tests again, slower, and which lines they ran"
	@echo "make test-all    the tests with each of $(PYTHONS) at hand, and with the lowest versions"
	@echo "make stress      200 faulty Hubs and 200 killed runs; about an hour"
	@echo "make lint        ruff and mypy"
	@echo "make bench       the measurements of benchmarks/"
	@echo "make docs        docs/cli.md and docs/demo.svg, from the program itself"
	@echo "make space       the page of space/, offline, on http://127.0.0.1:7860"
	@echo "make screenshots its pictures in docs/space"
	@echo "make space-check the deployed Space, installed where nothing else is and started; some minutes"
	@echo "make live-check  one push to the real Hub and back; needs MODEL=... and an account"
	@echo "make clean       remove $(VENV) and everything else that was made"

demo: $(VENV)/.installed
	$(VENV)/bin/hubprune demo

coverage: COVERAGE = --cov=hubprune --cov-report=term:skip-covered
test coverage: $(VENV)/.test
	$(VENV)/bin/python -m pytest --numprocesses $(JOBS) --dist loadfile $(COVERAGE) $(ARGS)

test-all:
	@$(NEW_ENOUGH)
	$(PYTHON) tests/compatibility/every_version.py $(PYTHONS)

stress: $(VENV)/.test
	$(VENV)/bin/python tests/stress/hub_faults.py 200
	$(VENV)/bin/python tests/stress/kills.py 200

lint: $(VENV)/.lint
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

bench: $(VENV)/.installed
	$(VENV)/bin/python benchmarks/run.py $(BENCH)

docs: $(VENV)/.docs
	$(VENV)/bin/python -m hubprune.cli.reference docs/cli.md
	$(VENV)/bin/python tests/architectures/page.py > docs/architectures.md
	$(VENV)/bin/python docs/picture.py

space: $(VENV)/.space
	$(VENV)/bin/python space/app.py

screenshots: $(VENV)/.browser
	$(VENV)/bin/python docs/screenshots.py

space-check: $(VENV)/.installed
	TORCH="$(TORCH)" TORCH_INDEX="$(TORCH_INDEX)" $(VENV)/bin/python tests/space/space_check.py

live-check: $(VENV)/.installed
	$(VENV)/bin/python tests/live/check.py $(MODEL)

clean:
	rm -rf $(VENV) .venv-ci .venv-3.* .venv-lowest build dist .coverage .pytest_cache .hypothesis .mypy_cache .ruff_cache hubprune-demo
	find hubprune tests benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# Each stamp says that something is installed; all but torch are made again when pyproject.toml changes.
# torch comes first and alone, so that TORCH_INDEX serves no other package.

$(VENV)/bin/python:
	@$(NEW_ENOUGH)
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.torch: | $(VENV)/bin/python
	@echo "Installing $(TORCH) into $(VENV); this takes a few minutes the first time."
	$(PIP) install $(TORCH) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.torch
	@echo "Installing hubprune and what it needs, lm-eval and lingua included."
	$(PIP) install --editable '.[eval]'
	@touch $@

$(VENV)/.test $(VENV)/.lint $(VENV)/.docs $(VENV)/.space $(VENV)/.browser: $(VENV)/.%: $(VENV)/.installed
	$(PIP) install --editable '.[$*]'
	@touch $@
