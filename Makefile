# `make run` and `make test` are all you need; `make prove` runs the long tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Two for each core: a story waits for the bot, and the bot for its ticks, half of the time.
WORKERS ?= $(shell expr 2 '*' "$$(nproc)")
# The long ones work more and wait less.
PROVERS ?= $(shell expr 3 '*' "$$(nproc)" / 2)
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check install

.PHONY: run doctor test prove crash soak simulate bench check fix lock picture clean help

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

run: $(VENV)/.run-ready  ## start the bot; without DISCORD_TOKEN, start the sandbox too
	@exec $(BIN)/python -m bot run

doctor: $(VENV)/.run-ready  ## check token, keys, database and tools, and say what to fix
	@$(BIN)/python -m bot doctor

test: $(VENV)/.test-ready  ## run the tests, in about four minutes on two idle cores; WORKERS=n
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not long" $(TESTS)

prove: $(VENV)/.test-ready  ## run the long proofs: kills, simulated days, a soak, every fault
	@$(BIN)/python -m pytest -n $(PROVERS) --dist worksteal -m long $(TESTS)

crash: $(VENV)/.test-ready  ## kill the bot at random, KILLS times, and check the results
	@$(BIN)/python -m tests.killing --kills $(or $(KILLS),1000) $(CRASH)

soak: $(VENV)/.test-ready  ## run the bot for MINUTES (60) and look for leaks
	@$(BIN)/python -m tests.soaking --minutes $(or $(MINUTES),60)

simulate: $(VENV)/.test-ready  ## play SEEDS bad days (1000), as before a release: SEEDS=100000
	@$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),1000) --jobs $(or $(JOBS),$(shell nproc))

bench: $(VENV)/.test-ready  ## run all benchmarks into docs/bench.md; PEERS=1 adds other engines
	@$(BIN)/python -m bench $(if $(PEERS),--peers)

check: $(VENV)/.test-ready  ## everything that CI holds against the code, without the tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: $(VENV)/.test-ready  ## format, and fix what can be fixed by itself
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

picture: $(VENV)/.test-ready  ## make the pictures of README and docs again, also the moving one (needs Chromium)
	@$(BIN)/python -m docs.take_pictures

lock:  ## compile the lock files again from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --python-version 3.11 --universal --generate-hashes \
		--no-strip-extras --no-emit-index-url --no-header --no-annotate -q -o requirements.lock
	uv pip compile pyproject.toml --group dev --python-version 3.11 --universal --generate-hashes \
		--no-strip-extras --no-emit-index-url --no-header --no-annotate -q -c requirements.lock -o requirements-dev.lock

clean:  ## forget the virtual environment and the caches, not the data
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Showreel needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 run"; exit 1; }
	@echo "Creating the virtual environment…"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Could not create the virtual environment. On Debian or Ubuntu, install venv first:" \
			"sudo apt install python3-venv"; exit 1; }

$(VENV)/.run-ready: requirements.lock | $(VENV)/bin/python
	@echo "Installing requirements.lock…"
	@$(PIP) --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip --disable-pip-version-check check >/dev/null
	@touch $@

$(VENV)/.test-ready: requirements-dev.lock | $(VENV)/bin/python
	@echo "Installing requirements-dev.lock…"
	@$(PIP) --no-deps --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip --disable-pip-version-check check >/dev/null
	@touch $@ $(VENV)/.run-ready
