PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
# Servers are started a hundred times by the tests: let Python keep what it compiles.
unexport PYTHONDONTWRITEBYTECODE

# Where the generators of clients are named that the tests use.
CLIENTS := tests/api/clients

# What a night draws; SEED=n draws it again.
SEED ?= $(shell date +%Y%m%d)

.PHONY: help run test nightly faults cluster check lint audit bench format lock vendor clean

help:
	@echo "make <target>; each sets up $(VENV) by itself on first use"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '%-11s%s\n' "$$name" "$$text"; done

run: $(READY) ## start the server with all that it needs; demo data unless KEYLINE_DEMO=0
	@KEYLINE_DEMO="$${KEYLINE_DEMO-1}" $(VENV)/bin/keyline serve

# Four processes keep two cores busy: servers of the tests are waited for.
test: $(READY) ## run every test; ARGS='-k ticket' for some, ARGS=-n0 in one process
	@$(VENV)/bin/pytest --numprocesses 4 $(ARGS)

nightly: $(READY) ## run every test with all its volume; SEED=n tries again what a night drew
	@TEST_VOLUME=full TEST_SEED=$(SEED) $(VENV)/bin/pytest --numprocesses 4 --hypothesis-seed=$(SEED) $(ARGS)

faults: $(READY) ## try on fresh servers what users once met that was false
	@$(VENV)/bin/pytest --numprocesses 4 tests/faults tests/api/reads/test_examples.py $(ARGS)

cluster: $(READY) ## start the scaled-out system on this machine; Ctrl-C ends it
	@$(VENV)/bin/keyline cluster

check: lint test ## all that CI checks: lint and test

lint: $(READY) ## check format, style, types and layering
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/ruff check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

# Needs the internet, so it is no part of `check`: there each package is held to its hash.
audit: $(VENV)/bin/python ## ask the public database of vulnerabilities about the locked packages
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	@$(VENV)/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock

bench: $(READY) ## measure the figures, each beside its limit on this machine
	@$(VENV)/bin/python -m tests.bench $(ARGS)

format: $(READY) ## put code into the common format
	@$(VENV)/bin/ruff check --select I --fix --quiet
	@$(VENV)/bin/ruff format

# `make lock ARGS=--upgrade` moves every version; alone it keeps what still holds.
lock: $(VENV)/bin/python ## write requirements.lock and those of the generators of clients anew
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv
	@$(VENV)/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --extra dev \
		--no-header --no-emit-index-url --no-emit-find-links --no-annotate --generate-hashes \
		$(ARGS) --output-file requirements.lock
	@$(VENV)/bin/uv pip compile $(CLIENTS)/requirements.in --quiet --universal --python-version 3.11 \
		--no-header --no-emit-index-url --no-emit-find-links --no-annotate --generate-hashes \
		$(ARGS) --output-file $(CLIENTS)/requirements.lock
	@cd $(CLIENTS) && npm install --package-lock-only --omit-lockfile-registry-resolved --silent
	@echo "requirements.lock: $$(grep -c == requirements.lock) packages"

# A newer one: its version and hashes in api/console/vendor/vendor.json first.
vendor: $(READY) ## fetch the scripts of others that the console uses, each held to its hash
	@$(VENV)/bin/python -m tests.api.console.test_files

clean: ## remove the environment, caches and build results; never data
	@rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .schemathesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@data="$${KEYLINE_DATA:-.keyline}"; if [ -e "$$data" ]; then echo "Kept your data in $$data; remove it yourself to start anew."; fi

$(READY): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing packages into $(VENV) (some minutes the first time) ..."
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		found=$$($(PYTHON) --version 2>/dev/null) || found="not there"; \
		echo "Keyline needs Python 3.11 or newer; $(PYTHON) is $$found."; \
		echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; } >&2
	@echo "Making $(VENV) with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv --clear $(VENV)
