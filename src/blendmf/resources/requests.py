"""Describe the jobs of the workflow for their resource requests, from configuration and data."""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from math import ceil
from pathlib import Path
from typing import Any

from blendmf.common.digests import intact
from blendmf.common.files import read_json
from blendmf.config.experiment import Experiment
from blendmf.config.models import ContentEntry, Entry, MfContentEntry, SvdEntry, TrainedEntry
from blendmf.config.training import TrainingSettings
from blendmf.config.variants import Variant, ablation_variants
from blendmf.ingest.local_copies import local_files
from blendmf.resources.costs import FIT, RULES, Fit, Job
from blendmf.resources.size import Size, counted_size, expected_size

BASELINES = ("global-mean", "popularity", "random")
PARITY_FIT = Fit("torch", user_words=True, item_words=True)
PARITY_FITS = 10
"""Five models by two engines on the CPU; `content` by PyTorch is the most expensive one."""

BEFORE_IMPORT = ("fetch", "import_tables")
"""Rules whose data are not counted yet; counts of an earlier run may be of other data."""


class JobSizes:
    """Describes the jobs of a workflow from its configuration and the files in `results` so far.

    `variants` has the experiments and their variants by folder; jobs without a data set use the
    first.
    """

    def __init__(
        self, experiment: Experiment, variants: Mapping[str, Variant], results: str | Path
    ) -> None:
        self._experiment, self._variants, self._results = experiment, variants, Path(results)
        self._expected = cache(self._expected_size)

    def job(self, rule: str, wildcards: Mapping[str, str]) -> Job:
        """The job of a rule for some values of its wildcards."""
        wildcards = dict(wildcards.items())  # Snakemake's wildcards are a named list
        variant = self._variants[wildcards.get("dataset", next(iter(self._variants)))]
        size = self._expected(variant.folder)
        if rule not in BEFORE_IMPORT:
            paths = ("data/source.json", "content/content.json")
            size = counted_size(size, *(self._facts(variant, path) for path in paths))
        job = job_of(rule, self._experiment, variant, size, wildcards)
        return replace(job, torch_cuda=torch_has_cuda())

    def _expected_size(self, folder: str) -> Size:
        variant = self._variants[folder]
        files = local_files(variant.dataset, os.environ)
        return expected_size(variant.dataset, variant.content, files)

    def _facts(self, variant: Variant, path: str) -> dict[str, Any] | None:
        file = self._results / variant.home(path) / path
        if not file.is_file():
            return None
        facts: dict[str, Any] = read_json(intact(file))
        return facts


@cache
def torch_has_cuda() -> bool:
    """Whether PyTorch here is a build with CUDA's libraries, determined without loading it.

    True on Linux without PyTorch, where jobs bring it in an environment of their own.
    """
    try:
        build = version("torch")
    except PackageNotFoundError:
        build = ""
    return sys.platform == "linux" and not build.endswith("+cpu")


def job_of(
    rule: str,
    experiment: Experiment,
    variant: Variant,
    size: Size,
    wildcards: Mapping[str, str] | None = None,
) -> Job:
    """The job of a rule on data of some size, for the experiment itself or one of its variants.

    The wildcard ``model`` names the model that the job fits or scores; a job that scores a model
    does so for all seeds, as does a fit with ``seeds``. With ``shard`` a search is divided among
    several jobs. ``choice`` names the model of a fit on all ratings, or means any of them. The
    explorer may read any model.
    """
    wildcards = wildcards or {}
    entry = variant.models[wildcards["model"]] if "model" in wildcards else None
    scoring = rule in ("evaluate", "recommend")
    fits: list[Fit] = []
    if rule == "rank_sweep":
        fits = _rank_sweep_fits(experiment, variant)
    elif rule == "parity":
        shared = experiment.training
        fit = replace(PARITY_FIT, factors=shared.latent_dim, epochs=shared.epochs)
        fits = [fit] * PARITY_FITS * experiment.seeds
    elif rule == "explorer":
        fits = [largest_fit(one, experiment) for one in variant.models.values()]
    elif "choice" in wildcards:
        chosen = [variant.models.get(wildcards["choice"])]
        candidates = list(variant.models.values()) if chosen == [None] else chosen
        fits = [largest_fit(one, experiment) for one in candidates if one is not None]
    elif entry is not None and (scoring or RULES.get(rule) == FIT):
        fits = [largest_fit(entry, experiment)] * _n_fits(rule, experiment, entry, wildcards)
    users, recommendations = experiment.evaluation.full_users, experiment.recommendations
    sampled = {"recommend": recommendations.users, "explorer": experiment.explorer.users}
    listed = sampled.get(rule, users)
    lists = scoring or rule == "explorer" or (entry is not None and not entry.predicts_ratings)
    return Job(
        rule,
        size,
        1.0 if rule == "final" else variant.split.train,
        fits,
        n_scores=_n_scores(rule, experiment, variant),
        resamples=experiment.evaluation.bootstrap_resamples,
        listed_users=min(size.users if listed is None else listed, size.users) * lists,
        list_length=recommendations.n,
    )


def largest_fit(entry: Entry, experiment: Experiment) -> Fit:
    """The most expensive fit that a model's settings or its search allow."""
    bounds = entry.bounds if entry.searched else {}

    def largest(name: str, configured: int) -> int:
        found = bounds.get(name)
        return max(configured, int(found.high)) if found else configured

    if not isinstance(entry, TrainedEntry):
        method = "baseline" if entry.kind in BASELINES else "closed_form"
        rank = getattr(entry, "rank", 0)
        if isinstance(entry, SvdEntry) and entry.rank is None:
            rank = max(experiment.svd.ranks)
        neighbours = largest("neighbours", getattr(entry, "neighbours", 0))
        return Fit(method, largest("rank", rank), neighbours=neighbours)
    training = entry.training
    method = _method(training)
    blend = entry.blend if isinstance(entry, MfContentEntry) else None
    only_words = isinstance(entry, ContentEntry)
    return Fit(
        method,
        largest("latent_dim", training.latent_dim),
        training.epochs * training.chains,
        draws=training.chains * min(training.draws, training.epochs) if method == "bayes" else 0,
        user_words=only_words or blend in ("user", "both"),
        item_words=only_words or blend in ("item", "both"),
        gpus=int(method == "torch" and training.device == "cuda"),
    )


def _method(training: TrainingSettings) -> str:
    """Row of `COSTS`; `engine: auto` without a named device counts as Numba."""
    optimiser, engine, device = training.optimiser, training.engine, training.device
    if optimiser in ("als", "bayes"):
        return optimiser
    in_torch = engine == "torch" or (engine == "auto" and device not in ("auto", "cpu"))
    return "torch" if in_torch or optimiser in ("adam", "gd") else "sgd"


def _n_fits(rule: str, experiment: Experiment, entry: Entry, wildcards: Mapping[str, str]) -> int:
    """Trials and refits of finalists of a search; seeds of a scored model; otherwise 1."""
    if rule == "evaluate" or "seeds" in wildcards:
        return len(entry.seeds(experiment.seeds))
    if rule != "search":
        return 1
    search = experiment.search
    # Finalists of a deterministic model keep their scores.
    refits = search.finalists * search.finalist_seeds * entry.is_trained
    if "shard" in wildcards:
        return ceil(max(search.trials_per_generation, refits) / search.shards)
    return search.trials + refits


def _rank_sweep_fits(experiment: Experiment, variant: Variant) -> list[Fit]:
    """A truncated SVD of each rank, and a fit of the compared model, if any."""
    ranks = experiment.svd.ranks
    fits = [Fit("closed_form", rank) for rank in ranks]
    compared = variant.models.get(experiment.svd.compared_with or "")
    if compared is not None:
        fits += [replace(largest_fit(compared, experiment), factors=rank) for rank in ranks]
    return fits


def _n_scores(rule: str, experiment: Experiment, variant: Variant) -> int:
    """Models times seeds, over all variants that the rule compares."""
    if rule == "ablation_table":
        return (1 + len(ablation_variants(experiment))) * experiment.seeds
    own = sum(len(entry.seeds(experiment.seeds)) for entry in variant.models.values())
    return own * (1 + len(experiment.audit.arms)) if rule == "audit_table" else own
