# Everything a newcomer needs: `make demo` and `make test`. Each target installs what it needs first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH := torch==2.13.0
DATA := $(abspath ../shared/data)
ifneq ($(wildcard $(DATA)),)
export ENDCAP_DATA ?= $(DATA)
endif

.PHONY: help install install-dev install-neural browser demo test check docs bench mutate clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(VENV)/.installed  ## Make the environment with what Endcap needs to run

install-dev: $(VENV)/.installed-dev browser

install-neural: install-dev  ## Add torch, for the algorithms that only it can train: a large download
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[neural]'

demo: install  ## Start the demo shop on http://127.0.0.1:8080
	$(BIN)/endcap demo

test: install-dev  ## Install what the tests need and run them
	$(BIN)/python -m pytest

check: install-dev  ## Lint, format, types, architecture contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

docs: install-dev  ## Write the generated pages again and test the documentation
	$(BIN)/python scripts/write_reference.py
	$(BIN)/python scripts/write_figures.py
	$(BIN)/python scripts/write_trust.py
	$(BIN)/python -m pytest tests/docs

bench: install-dev  ## Measure the shipped server and the shipped settings
	$(BIN)/python benchmarks/run.py

mutate: install-dev  ## Break each promise on purpose and see its test fail
	$(BIN)/python scripts/mutate.py

clean:  ## Remove the environment and everything that was generated
	rm -rf $(VENV) endcap-data build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Endcap needs Python 3.11 or newer; set PYTHON to one"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "the venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.installed

# The browser tests drive Debian's Chromium. Without root they are skipped, and say what would lift that.
browser:
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; \
	  else echo "browser tests need Chromium; on Debian: apt-get install chromium"; fi; }
