# `make report` runs the default experiment, `make test` the tests; each sets up .venv by itself.
#   make report ARGS="--configfile workflow/experiments/notebook.yaml"
# ARGS is handed to snakemake (report, smoke) or to pytest (test).

PYTHON ?= python3
BIN := .venv/bin
SNAKEMAKE := $(BIN)/snakemake --workflow-profile workflow/profiles/default
ARGS ?=

.PHONY: report test setup lint format smoke images clean

report: .venv/run
	$(SNAKEMAKE) --quiet host reason --report results/report.html --report-after-run \
		--report-stylesheet "$(CURDIR)/workflow/report/report.css" $(ARGS)
	@echo "The report is in results/report.html"

test: .venv/dev
	$(BIN)/python -m pytest --numprocesses auto $(ARGS)

setup: .venv/dev

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

smoke: .venv/run
	$(SNAKEMAKE) --quiet host reason --configfile workflow/experiments/smoke.yaml $(ARGS)

# The README's pictures, from the rules and from a finished default run; needs graphviz.
images: .venv/run
	$(SNAKEMAKE) --rulegraph | gvpr -c -f docs/images/rulegraph.gvpr | tred | dot -Tsvg > docs/images/rulegraph.svg
	cp results/ml-100k/figures/comparison.svg docs/images/results.svg

clean:
	rm -rf .venv .snakemake .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# Packages come in wheels only; an install that fails half-way leaves no stamp and is done again.
.venv/run: requirements.txt constraints.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "blendmf needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BIN)/python -m blendmf.training.compile_kernels
	touch $@

.venv/dev: .venv/run requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --requirement requirements-dev.txt
	touch $@
