PYTHON ?= python3
BIN := .venv/bin
# Python compiles what it imports, and keeps that: pip need not compile all there is.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt
unexport PYTHONDONTWRITEBYTECODE
MARK := .venv/.installed
DEV_MARK := .venv/.installed-dev
DOCS_MARK := .venv/.installed-docs

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench docs clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# Old versions of pip take twice as long for all that follows.
$(BIN)/python:
	$(PYTHON) -m venv .venv
	$(INSTALL) --upgrade pip

$(MARK): pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[all]'
	touch $(MARK)

$(DEV_MARK): pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[dev]'
	touch $(MARK) $(DEV_MARK)

demo: $(MARK)  ## set up, then compare five learning rules on handwritten digits
	$(BIN)/omomi compare digits --rules "backprop, ed, fa, dfa, usf" --nets "64, tanh, 32, tanh, 10" --tuning-seeds 4

# A process of tests for each core: threads of BLAS and torch beside them would wait for each other.
test: export OMP_NUM_THREADS = 1
test: $(DEV_MARK)  ## set up, then run every test
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: $(DEV_MARK)  ## format, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV_MARK)  ## put the code in shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV_MARK)  ## side by side with the peers that are installed
	$(BIN)/python benchmarks/run.py $(ARGS)

$(DOCS_MARK): $(MARK)
	$(INSTALL) -e '.[docs]'
	touch $(DOCS_MARK)

docs: $(DOCS_MARK)  ## the site with a page for every kind of formula, into site/
	$(BIN)/python docs/generate.py build/docs
	$(BIN)/sphinx-build -W --keep-going --quiet -c docs -d build/doctrees build/docs site
	@echo site/index.html

clean:  ## remove what make set up
	rm -rf .venv build site
