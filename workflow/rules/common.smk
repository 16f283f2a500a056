# The checked configuration, and the lookups that all rules use.
import os
import re
import sys
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.io import contains_wildcard
from snakemake.logging import logger

# The library of this working copy takes precedence over an installed one, of which the logger
# plugin may have loaded some modules.
SOURCES = Path(str(workflow.current_basedir)).parents[1] / "src"
if SOURCES.is_dir():
    sys.path.insert(0, str(SOURCES))
    installed = [
        name
        for name, loaded in sys.modules.items()
        if name.split(".")[0] == "blendmf"
        and not Path(loaded.__file__).is_relative_to(SOURCES)
    ]
    for name in installed:
        del sys.modules[name]

from blendmf.common.errors import UserError
from blendmf.common.imported_files import code_digest, make_importable
from blendmf.config.checks import experiment
from blendmf.config.fields import BEST
from blendmf.config.models import SvdEntry
from blendmf.config.variants import Variant, ablation_variants, other_folds, variants
from blendmf.config.workflow_files import WorkflowFiles
from blendmf.config.yaml_files import ShownSettings, refuse_unclear_yaml
from blendmf.ingest.catalogue import expected_ratings
from blendmf.ingest.content_digest import content_digest
from blendmf.ingest.local_copies import local_files, portable
from blendmf.report.figures.registry import FIGURES

if SOURCES.is_dir():
    make_importable(SOURCES)

# Snakemake starts jobs through a shell without quoting the path of the interpreter.
if workflow.is_main_process and re.search(r"[^\w@%+=:,./~-]", sys.executable):
    raise WorkflowError(
        f"The path of this Python, {sys.executable}, has a space or another character that a shell "
        "treats specially, so that Snakemake could start no job (exit status 127). Use an "
        'environment elsewhere (make report VENV="$HOME/blendmf-venv"), or move the project.'
    )

try:
    refuse_unclear_yaml(map(Path, workflow.configfiles))
    # Jobs read the workflow again; their data were checked when it started.
    if workflow.is_main_process:
        from blendmf.ingest.precheck import checked

        EXPERIMENT, notes = checked(config)
        for note in notes:
            logger.info(note, extra={"part": "note"})
    else:
        EXPERIMENT = experiment(config)
except UserError as error:
    raise WorkflowError(str(error))

config.clear()
config.update(EXPERIMENT.model_dump())

DATA_SETS = EXPERIMENT.data_sets()
VARIANTS = variants(EXPERIMENT)
FILES = WorkflowFiles(EXPERIMENT, max(map(expected_ratings, DATA_SETS.values())))
DATASET = FILES.root
SEARCHED = EXPERIMENT.searched
PARTS = ("train", "validation", "test")
# Folder of the results that are read while planning; a module may add a prefix.
RESULTS = workflow.modifier.path_modifier.modify("results")


wildcard_constraints:
    dataset="|".join(re.escape(folder) for folder in VARIANTS),
    model=r"[A-Za-z][A-Za-z0-9._-]*",
    seed=r"\d+",
    chain=r"\d+",
    step=r"generation-\d+|finalists",
    shard=r"\d+",
    choice="|".join(map(re.escape, EXPERIMENT.recommendations.choices)) or "(?!)",


def log_of(job: str, folder: str = DATASET) -> str:
    return f"{folder}/logs/{job}.log"


def benchmark_of(job: str, folder: str = DATASET) -> str:
    return f"{folder}/benchmarks/{job}.tsv"


def code_of(script: str):
    """Digest of the library's files that a script imports, so that an edit reruns its jobs."""
    path = Path(workflow.source_path(f"../../scripts/{script}.py"))
    return lambda wildcards: code_digest(path)


def variant_of(wildcards) -> Variant:
    return VARIANTS[wildcards.dataset]


def entry_of(wildcards):
    return variant_of(wildcards).models[wildcards.model]


def settings_of(block: str):
    """Values of a block that variants may change: dataset, split or content."""
    return lambda wildcards: getattr(variant_of(wildcards), block).model_dump()


def model_settings(wildcards) -> dict:
    return entry_of(wildcards).model_dump()
