# make demo | test | check | bench | soak | mutate | lock | texts | ballot.   Everything lands in ./.venv, ./node_modules and ./.kernepuls.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
FOR_PDF := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
FOR_TESTS := chromium-headless-shell postgresql poppler-utils
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The suite starts a hundred processes: each would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check bench soak mutate lock texts clean

demo: .venv/demo built
	@$(BIN)/kernepuls demo $(DEMO)

# One worker runs a whole file: what a file builds is built once. Three on two cores: a test of pages waits a quarter of its time.
test: .venv/test built check
	@$(BIN)/python -m pytest -n 3 --dist loadfile $(TESTS)

check: .venv/test built
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache

bench: .venv/test built
	@for figure in $(basename $(notdir $(wildcard benchmarks/[a-z]*.py))); do echo; $(BIN)/python -m benchmarks.$$figure || exit 1; done

soak: .venv/test built
	@$(BIN)/python -m pytest -m soak tests

# Which change of a rule no test sees; tests/mutants.md explains each. One process: run it overnight beside others.
mutate: .venv/mutation built
	@rm -rf mutants
	@$(BIN)/mutmut run --max-children 1 && $(BIN)/mutmut results
	@$(BIN)/python tests/mutation.py

# The one script that is built by hand: templates/assets/ballot.js is committed, the same bytes on every machine.
.PHONY: ballot
ballot:
	@cd templates/ballot && npm ci --loglevel=error && node build.mjs

.PHONY: built
built:
	@$(BIN)/python hatch_build.py

# Debian's packages that are missing, if any; without root the command to run is printed and make stops.
define install_missing
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed."; exit 1; }
	@if command -v dpkg-query >/dev/null; then \
	  missing=""; \
	  $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || missing="$$missing python3-venv"; \
	  for package in $(1); do \
	    dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	  done; \
	  if [ -n "$$missing" ]; then \
	    command="apt-get install -y --no-install-recommends$$missing"; \
	    if [ "$$(id -u)" = 0 ]; then \
	      echo "Installing$$missing"; \
	      apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$command >/dev/null || exit 1; \
	    else echo "System packages are missing. Run this, then make again:"; \
	      echo "  sudo apt-get update && sudo $$command"; exit 1; fi; \
	  fi; \
	fi
endef

# --no-build-isolation: what builds the assets is in the lock too, with its hash.
define environment
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the Python packages of $(1) (once)"
	@$(BIN)/pip install --quiet --require-hashes -r $(1)
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
endef

.venv/demo: requirements.lock pyproject.toml
	$(call install_missing,$(FOR_PDF))
	$(call environment,requirements.lock)
	@touch $@

.venv/test: tests/requirements.lock pyproject.toml
	$(call install_missing,$(FOR_PDF) $(FOR_TESTS))
	$(call environment,tests/requirements.lock)
	@touch .venv/demo $@

.venv/mutation: tests/mutation.lock .venv/test
	@$(BIN)/pip install --quiet --require-hashes -r $<
	@touch $@

# Lock again after a change of pyproject.toml (needs uv); no registry host is written.
COMPILE := uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock:
	$(COMPILE) --group build pyproject.toml -o requirements.lock >/dev/null
	$(COMPILE) --group build --group test pyproject.toml -c requirements.lock -o tests/requirements.lock >/dev/null
	$(COMPILE) --group mutation pyproject.toml -c tests/requirements.lock -o tests/mutation.lock >/dev/null
	npm install --package-lock-only

texts: .venv/test
	@$(BIN)/python locales/update.py

clean:
	rm -rf .venv node_modules .kernepuls .kernepuls-copies mutants
