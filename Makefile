# Every target sets up what it needs. VENV=folder puts the environment elsewhere, PYTHON=python3.12
# picks the interpreter, ARGS='-k eyes' goes to pytest.

VENV ?= .venv
PYTHON ?=
ARGS ?=

STAMP := $(VENV)/.fer3d-set-up
# the environment's programs first, so that `python` in dvc.yaml is the environment's
RUN = PATH="$$(cd "$(VENV)/bin" && pwd):$$PATH" DVC_NO_ANALYTICS=1
# whole files to as many processes as there are cores, in the order of tests/conftest.py
PYTEST = python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup demo experiments test test-slow test-all lint deps constraints clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/make \1\t\2/p' Makefile | expand -t 20

setup: $(STAMP)  ## virtual environment, pinned packages, system libraries
	@sh tools/system-libraries.sh "$(VENV)/bin/python"

demo: setup  ## the whole pipeline on the default data set, and its table of results
	@$(RUN) dvc repro
	@$(RUN) fer3d show

experiments: setup  ## the paper's experiments over seeds, and their tables
	@$(RUN) fer3d experiments run

test: setup  ## the tests but the slow ones: the whole DAG once, on a handful of images
	@$(RUN) $(PYTEST) -m "not slow" $(ARGS)

test-slow: setup  ## the slow tests alone: the DAG again, killed, changed, and the experiments
	@$(RUN) $(PYTEST) -m slow $(ARGS)

test-all: setup  ## all tests, and the coverage of the library
	@$(RUN) $(PYTEST) --cov --cov-report=term:skip-covered $(ARGS)

lint: setup  ## ruff: rules and format
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .

deps: setup  ## writes the modules that each stage uses into dvc.yaml
	@$(RUN) python tools/stage_deps.py

constraints:  ## pins the newest versions that pyproject.toml allows (in an environment of its own)
	@PYTHON="$(PYTHON)" sh tools/pin.sh

clean:  ## removes the environment and caches; keeps data
	@if [ -e "$(STAMP)" ]; then rm -rf "$(VENV)"; fi
	@rm -rf build fer3d.egg-info .pytest_cache .ruff_cache .mypy_cache .coverage*
	@find fer3d stages tests -name __pycache__ -prune -exec rm -rf {} +

$(STAMP): pyproject.toml constraints.txt tools/set-up.sh
	@PYTHON="$(PYTHON)" sh tools/set-up.sh "$(VENV)"
	@touch $@
