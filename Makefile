# `make report` runs the default experiment, `make test` the tests (`make test-slow` the slow ones);
# each sets up the environment first.
#   make report ARGS="--configfile workflow/experiments/notebook.yaml"
#   make report PROFILE=profiles/slurm      on a cluster, after `make cluster`
# ARGS are options of snakemake (report, smoke) or pytest (test). PYTHON is the interpreter that the
# environment in the folder VENV is made from.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PROFILE ?= profiles/default
SNAKEMAKE := $(BIN)/snakemake --workflow-profile $(PROFILE)
ARGS ?=

.PHONY: report audit ablation folds test test-slow test-cluster test-faults chromium slurmctld test-peers dependencies cluster setup lint format docs smoke bench sweeps parity peers known-answers new-users published parts docs-figures images clean

# `make audit` runs the experiment under other protocols, `make ablation` the experiment
# with content removed or assigned to other items; minutes on ml-100k, see docs/how-to/run.md.
report: TARGET := all
audit: TARGET := audit
ablation: TARGET := ablation
folds: TARGET := folds

report audit ablation folds: $(VENV)/run
	@$(SNAKEMAKE) $(ARGS) -- $(TARGET)

test: $(VENV)/dev
	$(BIN)/python -m pytest --numprocesses auto -m "not slow" $(ARGS)

test-slow: $(VENV)/dev chromium
	$(BIN)/python -m pytest --numprocesses auto -m slow $(ARGS)

# Starts a Slurm on this machine, on the loopback address; takes a few minutes.
test-cluster: $(VENV)/dev $(VENV)/slurm slurmctld
	$(BIN)/python -m pytest tests/cluster $(ARGS)

# Kills runs 200 times at random moments, in half an hour; the table is results/benchmarks/kills.csv.
test-faults: $(VENV)/dev
	@mkdir -p results/benchmarks && rm -f results/benchmarks/kills.csv
	KILLS=$(CURDIR)/results/benchmarks/kills.csv $(BIN)/python -m pytest tests/faults $(ARGS)

chromium:
	@command -v chromium > /dev/null || { apt-get update && apt-get install --yes chromium; } || \
		{ echo "The tests of pages need chromium."; false; }

slurmctld:
	@command -v slurmctld > /dev/null || { apt-get update && apt-get install --yes slurm-wlm; } || \
		{ echo "The tests need Slurm (on Debian: the package slurm-wlm), and root to start it."; false; }

# The estimators inside LensKit's and Cornac's pipelines, in an environment of their own.
test-peers: .venv-pipelines/done
	PYTHONPATH=src .venv-pipelines/bin/python -m pytest --override-ini addopts= --noconftest tests/peers $(ARGS)

# Lists all packages in results/bom.json (CycloneDX), and those with known vulnerabilities. Fails on
# one; names the packages that it cannot look up, which are all where there is no network.
dependencies: $(VENV)/run .venv-audit/done
	.venv-audit/bin/cyclonedx-py environment $(VENV) --output-reproducible --output-file results/bom.json
	.venv-audit/bin/pip-audit --requirement constraints.txt --disable-pip --no-deps --progress-spinner off

# Installs what PROFILE=profiles/slurm needs in addition to Slurm's commands.
cluster: $(VENV)/slurm

setup: $(VENV)/dev

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

format: $(VENV)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

# The documentation as a site, in site/; fails on a broken link.
docs: $(VENV)/docs
	$(BIN)/mkdocs build --quiet --strict

smoke: $(VENV)/run
	$(SNAKEMAKE) --configfile workflow/experiments/smoke.yaml $(ARGS)

# Speed and memory of the training engines. For one engine, model and size:
#   make bench ARGS="--engines blocks --variants mf --ratings 100000000 --latent-dim 32"
bench: $(VENV)/run
	$(BIN)/python -m benchmarks.engines $(ARGS)

# Seconds per sweep of this project's Gibbs sampler and of SMURFF's, on generated ratings.
sweeps: $(VENV)/run .venv-peers/installed.json
	$(BIN)/python -m benchmarks.sweeps $(ARGS)

# Every kind of model by every engine of the machine; fails if test errors differ by over 0.002.
parity: $(VENV)/run
	$(SNAKEMAKE) $(ARGS) -- parity_all

# Compares blendmf's models with other systems, which are installed, and partly compiled, in another
# environment. Also on ml-latest-small if BLENDMF_DATA has it.
HAS_SMALL := $(wildcard $(BLENDMF_DATA)/ml-latest-small $(BLENDMF_DATA)/ml-latest-small.zip)
SPLIT := matrices/test.npz content/tfidf.npz
OTHER_SPLITS := audit/global-temporal audit/cold-items

peers: $(VENV)/run .venv-peers/installed.json
	$(SNAKEMAKE) -- $(foreach split,. $(OTHER_SPLITS),$(addprefix results/ml-100k/$(split)/,$(SPLIT)))
ifneq ($(HAS_SMALL),)
	$(SNAKEMAKE) --configfile workflow/experiments/notebook.yaml -- \
		$(foreach split,. $(OTHER_SPLITS),$(addprefix results/ml-latest-small/$(split)/,$(SPLIT)))
endif
	$(BIN)/python -m benchmarks.peers results/ml-100k $(if $(HAS_SMALL),results/ml-latest-small)
	$(BIN)/python -m benchmarks.peers --output results/benchmarks/other-splits \
		--only "blendmf bayes with words" "myFM with words" -- \
		$(addprefix results/ml-100k/,$(OTHER_SPLITS)) \
		$(if $(HAS_SMALL),$(addprefix results/ml-latest-small/,$(OTHER_SPLITS)))

# Fits published systems with their published settings to this project's split, and this project's
# models with the same settings; fails if a figure is off. ARGS=--fast leaves out the slow ones.
known-answers: $(VENV)/run .venv-peers/installed.json
	$(SNAKEMAKE) -- results/ml-100k/data/source.json
ifneq ($(HAS_SMALL),)
	$(SNAKEMAKE) --configfile workflow/experiments/notebook.yaml -- \
		results/ml-latest-small/data/source.json
endif
	$(BIN)/python -m benchmarks.known_answers $(ARGS) \
		results/ml-100k $(if $(HAS_SMALL),results/ml-latest-small)

# The models on published splits, beside published systems: the folds u1 to u5 of ml-100k, and what
# BLENDMF_DATA has of the others (docs/studies/published.md). `split` is a folder below results/.
PUBLISHED := workflow/experiments/published
PUBLISHED_SPLITS := $(foreach fold,1 2 3 4 5,ml-100k/audit/u$(fold)) \
	$(foreach name,douban flixster yahoo_music,$(if $(wildcard $(BLENDMF_DATA)/$(name).train.csv),$(name))) \
	$(foreach name,ml-1m ml-10m,$(if $(wildcard $(addprefix $(BLENDMF_DATA)/$(name),/ .zip)),$(name)/audit/random-10))

published: $(VENV)/run
	@set -e; for split in $(PUBLISHED_SPLITS); do \
		$(SNAKEMAKE) --configfile $(PUBLISHED)/common.yaml $(PUBLISHED)/$${split%%/*}.yaml $(ARGS) -- \
			results/$$split/comparison/table.csv; \
	done
	$(BIN)/python -m benchmarks.published

# Users that join after a fit, against users of the fit.
new-users: $(VENV)/run
	$(SNAKEMAKE) -- results/ml-100k/split/train.parquet
	$(BIN)/python -m benchmarks.new_users results/ml-100k

# What the parts of the Bayesian model and other step lengths are worth, on the validation part.
parts: $(VENV)/run
	$(SNAKEMAKE) -- results/ml-100k/split/train.parquet results/ml-100k/data/items.parquet
ifneq ($(HAS_SMALL),)
	$(SNAKEMAKE) --configfile workflow/experiments/notebook.yaml -- \
		results/ml-latest-small/split/train.parquet results/ml-latest-small/data/items.parquet
endif
	$(BIN)/python -m benchmarks.parts results/ml-100k $(if $(HAS_SMALL),results/ml-latest-small)

# Tables and pictures on the pages in docs/studies: copies what results/ has to docs/studies/data and
# docs/images, and writes the tables from there.
docs-figures: $(VENV)/run
	$(BIN)/python -m benchmarks.docs_figures $(ARGS)

# The documentation's pictures, from the rules and from a finished default run; needs graphviz and
# chromium.
images: $(VENV)/dev
	$(SNAKEMAKE) --rulegraph | gvpr -c -f docs/images/rulegraph.gvpr | tred | dot -Tsvg > docs/images/rulegraph.svg
	$(BIN)/python docs/images/screenshot.py results/ml-100k/report.html docs/images/report.png

clean:
	rm -rf .venv .venv-* site .snakemake .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# Packages come in wheels only; an install that fails half-way leaves no stamp and is done again.
# pip is quiet about everything but errors.
$(VENV)/run: requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13) and "blendmf needs Python 3.11, 3.12 or 3.13; name one: make PYTHON=python3.12")'
	@echo "Setting up $(VENV), once: 2 to 5 minutes, and 2 GB of disk or more, most of it PyTorch."
	@echo "  1 of 4: making the environment, a few seconds"
	@$(PYTHON) -m venv $(VENV)
	@echo "  2 of 4: downloading and installing the packages, 1 to 4 minutes"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt --requirement requirements.txt
	@echo "  3 of 4: adding blendmf, a few seconds"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --editable .
	@echo "  4 of 4: compiling the training loops, about a minute"
	@$(BIN)/python -m blendmf.training.precompile
	@touch $@

.venv-peers/installed.json: benchmarks/adapters/requirements.txt benchmarks/adapters/constraints.txt | $(VENV)/run
	$(BIN)/python -m benchmarks.environment .venv-peers \
		benchmarks/adapters/requirements.txt benchmarks/adapters/constraints.txt

.venv-pipelines/done: tests/peers/requirements.txt
	$(PYTHON) -m venv .venv-pipelines
	.venv-pipelines/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.venv-audit/done: requirements-audit.txt
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(VENV)/dev: $(VENV)/run requirements-dev.txt
	@echo "Adding what tests and checks need, about half a minute"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt --requirement requirements-dev.txt
	@touch $@

$(VENV)/docs: $(VENV)/run requirements-docs.txt
	@echo "Adding what the documentation's site needs, a few seconds"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt --requirement requirements-docs.txt
	@touch $@

$(VENV)/slurm: $(VENV)/run requirements-slurm.txt
	@echo "Adding what a run on Slurm needs, a few seconds"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt --requirement requirements-slurm.txt
	@touch $@
