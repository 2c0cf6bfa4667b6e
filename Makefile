# Every target runs the set-up first if needed; `make help` lists targets and variables.

VENV ?= .venv
PYTHON ?=
ARGS ?=

STAMP := $(VENV)/.fer3d-set-up
# the environment comes first on PATH, so that `python` in dvc.yaml is its interpreter
RUN = PATH="$$(cd "$(VENV)/bin" && pwd):$$PATH" DVC_NO_ANALYTICS=1
# one process more than cores; each takes whole test files, in the order of tests/conftest.py
PYTEST = python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup demo experiments compare test test-slow test-all lint docs deps constraints clean

help:  ## list the targets and variables
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/make \1\t\2/p' Makefile | expand -t 20
	@printf '%s\t%s\n' 'VENV=folder' 'where the environment is (.venv)' \
	    'PYTHON=python3.12' 'which interpreter it is made with' \
	    "ARGS='-k eyes'" 'arguments for pytest' | expand -t 20

setup: $(STAMP)  ## create the virtual environment, install pinned packages and system libraries
	@sh tools/system-libraries.sh "$(VENV)/bin/python"

demo: setup  ## run the whole pipeline on the default data set and print the scores
	@$(RUN) sh tools/without-git.sh
	@$(RUN) dvc repro
	@$(RUN) fer3d show

experiments: setup  ## run the paper's experiments over seeds and write their tables
	@$(RUN) sh tools/without-git.sh
	@$(RUN) fer3d experiments run

compare: setup  ## train the published models of `experiments.models` beside ours, and compare
	@$(RUN) sh tools/without-git.sh
	@$(RUN) fer3d experiments compare

test: setup  ## run the fast tests, with the whole DAG once on a few images
	@$(RUN) $(PYTEST) -m "not slow" $(ARGS)

test-slow: setup  ## run the slow tests: the DAG again, interrupted, with changes, and the experiments
	@$(RUN) $(PYTEST) -m slow $(ARGS)

test-all: setup  ## run all tests and measure the coverage of the library
	@$(RUN) $(PYTEST) --cov --cov-report=term:skip-covered $(ARGS)

lint: setup  ## ruff and mypy
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy

docs: setup  ## build the documentation site in build/site
	@$(RUN) NO_MKDOCS_2_WARNING=1 mkdocs build --quiet
	@echo 'to read it: $(VENV)/bin/python -m http.server --bind 127.0.0.1 --directory build/site'

deps: setup  ## update the modules that each stage depends on in dvc.yaml
	@$(RUN) python tools/stage_deps.py

constraints:  ## pin the newest versions that pyproject.toml allows, in a temporary environment
	@PYTHON="$(PYTHON)" sh tools/pin.sh

clean:  ## remove the environment and caches; keep data
	@if [ -e "$(STAMP)" ]; then rm -rf "$(VENV)"; fi
	@rm -rf build fer3d.egg-info .pytest_cache .ruff_cache .mypy_cache .coverage*
	@find fer3d stages tests -name __pycache__ -prune -exec rm -rf {} +

$(STAMP): pyproject.toml constraints.txt tools/set-up.sh
	@PYTHON="$(PYTHON)" sh tools/set-up.sh "$(VENV)"
	@touch $@
	@echo 'set-up: fetching the model files and compiling loops (half a minute)'
	@$(RUN) sh tools/without-git.sh && $(RUN) dvc repro --quiet assets && $(RUN) python tools/warm_up.py \
	    || echo 'set-up: that failed; the first command that needs them tries again'
