# Everything a person does with this repository. `make` alone lists it.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: help run serve test test-fast crash chaos tracking lint format migrations screenshots bench lock messages clean python

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/run.stamp ## start the portal with demonstration data and the sandbox
	@exec $(PY) -m portal.run --demo

serve: $(VENV)/run.stamp ## start the portal for real use
	@exec $(PY) -m portal.run

test: $(VENV)/dev.stamp ## run all tests, or a part: TESTS=tests/tickets/actions/test_share.py
	@$(PY) -m tools.run $(TESTS)

test-fast: $(VENV)/dev.stamp ## run what needs no browser and no processes of its own, in a few minutes
	@$(PY) -m tools.run --fast $(or $(TESTS),tests)

bench: $(VENV)/dev.stamp ## what tracking and pushing cost, beside ServiceNow's own client, and pages beside a plain one
	@$(PY) -W ignore -m tools.bench

crash: $(VENV)/dev.stamp ## kill the delivery at every step under every answer of ServiceNow
	@$(PY) -W ignore -m tools.crash

chaos: $(VENV)/dev.stamp ## deliver a thousand tickets while everything is killed, frozen and unplugged
	@$(PY) -W ignore -m tools.chaos

tracking: $(VENV)/dev.stamp ## change 12,000 records at once, seen late and in part by pollers that are killed
	@$(PY) -W ignore -m tools.tracking

lint: $(VENV)/dev.stamp ## check style, types, templates, directions of import, migrations
	@$(PY) -m tools.lint

format: $(VENV)/dev.stamp ## put the code into its form
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

migrations: $(VENV)/dev.stamp ## write the migration of changed models: APP=tickets NAME=problems
	@$(PY) -m tools.migrations $(APP) $(NAME)

screenshots: $(VENV)/dev.stamp ## take pictures of every page into build/screenshots
	@$(PY) -m tools.screenshots $(PAGES)

messages: $(VENV)/dev.stamp ## collect new texts into the message catalogues (needs gettext)
	@$(PY) -m tools.messages

lock: ## pin every package anew (needs uv)
	uv pip compile --universal --generate-hashes --no-header --quiet --upgrade pyproject.toml -o requirements.lock
	uv pip compile --universal --generate-hashes --no-header --quiet --upgrade --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## remove what the other commands built; never the state folder
	rm -rf $(VENV) build .mypy_cache .ruff_cache .import_linter_cache .hypothesis locale/*/LC_MESSAGES/*.mo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or later is needed: install python3 and python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed, this is $$($(PYTHON) -V 2>&1): install a newer one and run: make run PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing: install python3-venv (Debian, Ubuntu: apt install python3-venv)"; exit 1; }

$(VENV)/run.stamp: requirements.lock | python
	@echo "Installing packages into $(VENV) ..."
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --disable-pip-version-check --require-hashes --requirement requirements.lock
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock | python
	@echo "Installing packages for tests and lint into $(VENV) ..."
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --disable-pip-version-check --require-hashes --requirement requirements-dev.lock
	@touch $@ $(VENV)/run.stamp
