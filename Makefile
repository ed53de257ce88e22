# Two words are enough: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check install

.PHONY: run doctor test crash soak simulate bench check fix lock picture clean help

help:  ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

run: $(VENV)/.run-ready  ## start the bot; without DISCORD_TOKEN, with the sandbox beside it
	@exec $(BIN)/python -m bot run

doctor: $(VENV)/.run-ready  ## look at token, keys, database and tools, and say what to mend
	@$(BIN)/python -m bot doctor

test: $(VENV)/.test-ready  ## run every test that this machine can run
	@$(BIN)/python -m pytest -n auto --dist worksteal $(TESTS)

crash: $(VENV)/.test-ready  ## kill the bot at random, KILLS times, and judge what came of it
	@$(BIN)/python -m tests.killing --kills $(or $(KILLS),1000) $(CRASH)

soak: $(VENV)/.test-ready  ## let the bot work for MINUTES (60), and see what it does not give back
	@$(BIN)/python -m tests.soaking --minutes $(or $(MINUTES),60)

simulate: $(VENV)/.test-ready  ## play SEEDS bad days (1000), as before a release: SEEDS=100000
	@$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),1000) --jobs $(or $(JOBS),$(shell nproc))

bench: $(VENV)/.test-ready  ## measure everything into docs/bench.md; PEERS=1 beside other engines
	@$(BIN)/python -m bench $(if $(PEERS),--peers)

check: $(VENV)/.test-ready  ## everything that CI holds against the code, without the tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: $(VENV)/.test-ready  ## format, and mend what can be mended by itself
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

picture: $(VENV)/.test-ready  ## make the pictures of README and docs anew (needs Chromium)
	@$(BIN)/python -m docs.take_pictures

lock:  ## compile the lock files anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --python-version 3.11 --universal --generate-hashes \
		--no-emit-index-url --no-header --no-annotate -q -o requirements.lock
	uv pip compile pyproject.toml --group dev --python-version 3.11 --universal --generate-hashes \
		--no-emit-index-url --no-header --no-annotate -q -c requirements.lock -o requirements-dev.lock

clean:  ## forget the virtual environment and the caches, not the data
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Showreel needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 run"; exit 1; }
	@echo "Creating the virtual environment…"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "No virtual environment could be made. On Debian or Ubuntu install it first:" \
			"sudo apt install python3-venv"; exit 1; }

$(VENV)/.run-ready: requirements.lock | $(VENV)/bin/python
	@echo "Installing what requirements.lock names…"
	@$(PIP) --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.test-ready: requirements-dev.lock | $(VENV)/bin/python
	@echo "Installing what requirements-dev.lock names…"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.run-ready
