"""What each job of the workflow requests: its costs for this configuration and these data."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

from blendmf.config.model_kinds import KIND_DEFAULTS, is_trained, only_ranks, seeds_of
from blendmf.config.variants import Arm, ablation_arms
from blendmf.ingest.local_copies import local_files
from blendmf.resources.costs import FIT, RULES, Fit, Job
from blendmf.resources.size import Size, counted_size, expected_size

Block = Mapping[str, Any]

BASELINES = ("global-mean", "popularity", "random")
PARITY_TRAINING = {"optimiser": "sgd", "engine": "torch", "device": "cpu"}
PARITY_FITS = 10
"""Five variants by two engines on the CPU; `content` by PyTorch is the most expensive one."""

BEFORE_IMPORT = ("fetch", "import_tables")
"""Rules whose data are not counted yet; counts of an earlier run may be of other data."""


class JobSizes:
    """Describes the jobs of a workflow from its configuration and the files made so far.

    Parameters
    ----------
    config : mapping
        The complete configuration.
    arms : mapping of str to Arm
        The experiments and their variants by folder; jobs without a data set use the first.
    results : path
        Folder of the results.
    """

    def __init__(self, config: Block, arms: Mapping[str, Arm], results: str | Path) -> None:
        self._config, self._arms, self._results = config, arms, Path(results)
        self._expected = cache(self._expected_size)

    def job(self, rule: str, wildcards: Mapping[str, str]) -> Job:
        """The job of a rule for some values of its wildcards."""
        wildcards = dict(wildcards.items())  # Snakemake's are a list with names
        arm = self._arms[wildcards.get("dataset", next(iter(self._arms)))]
        size = self._expected(arm.folder)
        if rule not in BEFORE_IMPORT:
            paths = ("data/source.json", "content/content.json")
            size = counted_size(size, *(self._facts(arm, path) for path in paths))
        return job_of(rule, self._config, arm, size, wildcards)

    def _expected_size(self, folder: str) -> Size:
        dataset = self._arms[folder].dataset
        files = local_files(dataset["name"], dataset["path"], os.environ, dataset["csv"])
        return expected_size(dataset, self._arms[folder].content, files)

    def _facts(self, arm: Arm, path: str) -> dict[str, Any] | None:
        file = self._results / arm.home(path) / path
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def job_of(
    rule: str, config: Block, arm: Arm, size: Size, wildcards: Mapping[str, str] | None = None
) -> Job:
    """The job of a rule.

    Parameters
    ----------
    rule : str
    config : mapping
        The complete configuration.
    arm : Arm
        The experiment or variant.
    size : Size
        Size of its data.
    wildcards : mapping, optional
        ``model`` names the model that the job fits or scores; without ``seed`` a job that scores
        a model does so for all seeds; with ``shard`` a search is divided among several jobs.
    """
    wildcards = wildcards or {}
    entry = arm.models[wildcards["model"]] if "model" in wildcards else None
    scoring = rule in ("evaluate", "recommend")
    fits: list[Fit] = []
    if rule == "rank_sweep":
        fits = _rank_sweep_fits(config, arm)
    elif rule == "parity":
        largest = {"kind": "content", "training": PARITY_TRAINING}
        fits = [largest_fit(largest, config)] * PARITY_FITS * config["seeds"]
    elif entry is not None and (scoring or RULES.get(rule) == FIT):
        fits = [largest_fit(entry, config)] * _n_fits(rule, config, entry, wildcards)
    users = config["recommendations" if rule == "recommend" else "evaluation"]
    listed = users["users" if rule == "recommend" else "full_users"]
    lists = scoring or (entry is not None and only_ranks(entry))
    return Job(
        rule,
        size,
        arm.split["train"],
        fits,
        n_scores=_n_scores(rule, config, arm),
        resamples=config["evaluation"]["bootstrap_resamples"],
        listed_users=min(size.users if listed is None else listed, size.users) * lists,
        list_length=config["recommendations"]["n"],
    )


def largest_fit(entry: Block, config: Block) -> Fit:
    """The most expensive fit that a model's settings or its search allow."""
    bounds = entry.get("space", {}) if entry.get("search") else {}

    def largest(name: str, configured: int) -> int:
        return max(configured, int(bounds[name]["high"])) if name in bounds else int(configured)

    if not is_trained(entry):
        method = "baseline" if entry["kind"] in BASELINES else "closed_form"
        settings = {**KIND_DEFAULTS.get(entry["kind"], {}), **entry}
        rank = (settings["rank"] or max(config["svd"]["ranks"])) if "rank" in settings else 0
        neighbours = settings.get("neighbours", 0)
        return Fit(method, largest("rank", rank), neighbours=largest("neighbours", neighbours))
    if entry.get("search"):
        bounds = {**config["search"]["space"], **bounds}
    training = {**config["training"], **entry.get("training", {})}
    method, blend = _method(training), entry.get("blend")
    if entry["kind"] == "content":
        blend = entry.get("blend", "both")
    return Fit(
        method,
        largest("latent_dim", training["latent_dim"]),
        training["epochs"],
        draws=min(training["draws"], training["epochs"]) if method == "bayes" else 0,
        user_words=blend in ("user", "both"),
        item_words=blend in ("item", "both"),
        gpus=int(method == "torch" and training["device"] == "cuda"),
    )


def _method(training: Block) -> str:
    """Row of the costs; `engine: auto` without a named device counts as Numba."""
    optimiser, engine, device = (training[key] for key in ("optimiser", "engine", "device"))
    if optimiser in ("als", "bayes"):
        return str(optimiser)
    in_torch = engine == "torch" or (engine == "auto" and device not in ("auto", "cpu"))
    return "torch" if in_torch or optimiser in ("adam", "gd") else "sgd"


def _n_fits(rule: str, config: Block, entry: Block, wildcards: Mapping[str, str]) -> int:
    """Trials and refits of finalists of a search; seeds of a model that is scored."""
    if rule == "evaluate" and "seed" not in wildcards:
        return len(seeds_of(entry, config["seeds"]))
    if rule not in ("search", "finalists"):
        return 1
    search = config["search"]
    # Finalists of a model without randomness keep their scores.
    refits = search["finalists"] * search["finalist_seeds"] * is_trained(entry)
    if "shard" in wildcards:
        return ceil(max(search["trials_per_generation"], refits) / search["shards"])
    return int(search["trials"] + refits)


def _rank_sweep_fits(config: Block, arm: Arm) -> list[Fit]:
    """A truncated SVD of each rank, and a fit of the compared model, if any."""
    ranks = config["svd"]["ranks"]
    fits = [Fit("closed_form", rank) for rank in ranks]
    compared = arm.models.get(config["svd"]["compared_with"])
    if compared is not None:
        fits += [replace(largest_fit(compared, config), factors=rank) for rank in ranks]
    return fits


def _n_scores(rule: str, config: Block, arm: Arm) -> int:
    """Models times seeds, over all variants that the rule compares."""
    if rule == "ablation_table":
        return int((1 + len(ablation_arms(config))) * config["seeds"])
    own = sum(len(seeds_of(entry, config["seeds"])) for entry in arm.models.values())
    return own * (1 + len(config["audit"]["arms"])) if rule == "audit_table" else own
