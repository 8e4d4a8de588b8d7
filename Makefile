# Everything a person or CI does here. Needs Python 3.11-3.14 and make; each target sets up what it uses.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test test-docs test-extras check check-web web docs bench kill-test fuzz build size clean

# The first interpreter that really runs (shims may not), can make environments and is new enough.
PYTHON ?= $(shell for name in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	"$$name" -c 'import sys, sqlite3, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
	2>/dev/null && { echo "$$name"; break; }; done)

# Tests start hundreds of processes: each module is compiled once, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

BIN := .venv/bin
EXTRAS_BIN := .venv-extras/bin
SIZE_LIMIT_MB := 400
PYTEST := -m pytest -n auto --maxprocesses 4 --dist

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS='	' read -r name what; do \
		printf '  make %-12s %s\n' "$$name" "$$what"; done

# $(call environment,FOLDER,REQUIREMENTS): a virtual environment with this project, pinned.
define environment
	@test -n "$(PYTHON)" || { echo "No Python 3.11-3.14 with venv found. Name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(1)
	$(1)/bin/python -m pip install --quiet --upgrade --constraint constraints.txt pip
	$(1)/bin/python -m pip install --quiet --build-constraint constraints.txt $(2)
	@touch $(1)/.installed
endef

.venv/.installed: pyproject.toml constraints.txt
	$(call environment,.venv,--constraint constraints.txt --editable . --group dev)

.venv-extras/.installed: pyproject.toml constraints.txt constraints-extras.txt
	$(call environment,.venv-extras,--constraint constraints.txt --constraint constraints-extras.txt \
		--editable '.[fast$(comma)tables$(comma)tfrecord$(comma)heif$(comma)classic$(comma)explore$(comma)keras$(comma)milvus$(comma)postgres$(comma)torch$(comma)mlflow$(comma)metaflow$(comma)spark$(comma)ray]' --group test --group browser --group servers --group deploy --group parity)

comma := ,

demo: .venv/.installed ## Draw a catalogue, index it, search it, write demo.html
	$(BIN)/lookalike demo

test: .venv/.installed ## Run the tests that need only the core
	$(BIN)/python $(PYTEST) loadfile -m "not extra and not campaign and not example"

test-docs: .venv/.installed ## Run the commands of the README and of docs/ as they are written
	$(BIN)/python $(PYTEST) worksteal -m example

test-extras: .venv-extras/.installed ## Run the tests behind extras, and the parity with torch
	$(EXTRAS_BIN)/python $(PYTEST) loadfile -m extra

check: .venv/.installed check-web ## Lint, formatting, types, layers, generated docs
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

web: web/node_modules/.installed ## Build the pages of web/ into the package (needs Node 20 and npm)
	npm --prefix web run -s build

web/node_modules/.installed: web/package.json
	cd web && npm install --silent
	@touch $@

# Whether the committed pages are those that web/ makes; where nobody builds them, there is nothing to do.
check-web:
	@test ! -d web/node_modules || { rm -rf build/site build/map build/page && \
		SITE_OUT="$(CURDIR)/build/site" MAP_OUT="$(CURDIR)/build/map" PAGE_OUT="$(CURDIR)/build/page" npm --prefix web run -s build && \
		diff -r build/site src/lookalike/share/site_page && diff build/map/map.js src/lookalike/explore/page/map.js && \
		diff -r build/page src/lookalike/web/built || \
		{ echo "The built pages are not those of web/: make web" >&2; exit 1; }; }

docs: .venv/.installed ## Write the generated pages of docs/ again
	$(BIN)/python docs/generate.py

bench: .venv-extras/.installed ## Measure speed and memory; BENCH='--photos FOLDER --save'
	$(EXTRAS_BIN)/python -m benchmarks.run $(BENCH)

kill-test: .venv/.installed ## Kill an indexing run at random moments, many times (long)
	$(BIN)/python -m pytest -m campaign --timeout 0 tests/campaigns

fuzz: .venv/.installed ## Ask the service tens of thousands of made up questions, and kill it while it writes (long)
	$(BIN)/python -m pytest -m campaign --timeout 0 tests/api

build: .venv/.installed ## Build the wheel into dist/
	rm -rf dist
	$(BIN)/python -m pip wheel --quiet --no-deps --build-constraint constraints.txt --wheel-dir dist .

size: build ## Install the wheel alone and weigh it
	rm -rf build/size
	$(BIN)/python -m venv --without-pip build/size
	$(BIN)/python -m pip --python build/size/bin/python install --quiet --constraint constraints.txt dist/*.whl
	@du -sk build/size | awk '{ mb = $$1 * 1.024 / 1000; printf "installed size: %.0f MB (limit $(SIZE_LIMIT_MB))\n", mb; \
		exit mb > $(SIZE_LIMIT_MB) }'

clean: ## Remove environments, builds and caches
	rm -rf .venv .venv-extras dist build .mypy_cache .ruff_cache .import_linter_cache .hypothesis demo demo.html
	find src tests docs benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
