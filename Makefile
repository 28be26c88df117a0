# Everything a machine with Python 3.11 or newer and make needs: `make demo`, `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test bench soak lint fix dev lock
.DEFAULT_GOAL := test

# The environment is made once and again whenever the lock or the package's metadata change.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 15) else "Python 3.11 to 3.14 is needed; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ...")'
	@echo "Installing into $(VENV) (once; about a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(INSTALLED) ## run the main job on real data against the sandbox
	@$(BIN)/ac-pipeline demo

test: lint ## lint, types, import directions, all tests
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

lint: $(INSTALLED)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: $(INSTALLED) ## let ruff correct what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(INSTALLED) ## measure (some minutes), write tests/benchmarks/RESULTS.md, fail below a bound
	@PYTHONPATH=tests $(BIN)/python -m benchmarks

soak: $(INSTALLED) ## kill syncs hundreds of times and meet every fault (an hour and a half), write tests/soak/*.md, fail on a difference
	@PYTHONPATH=tests $(BIN)/python -m soak

dev: $(INSTALLED) ## Dagster's UI on the demo, and the sandbox's page
	@$(BIN)/ac-pipeline dev

lock: $(INSTALLED) ## write requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-strip-extras --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
		--upgrade --output-file requirements.lock
