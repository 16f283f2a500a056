"""What a job does, as far as its memory and its time hang on it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from blendmf.config.model_kinds import is_trained, seeds_of
from blendmf.config.variants import Arm, ablation_arms
from blendmf.resources.largest_fit import Block, Fit, largest_fit
from blendmf.resources.size import Size

ENGINES = ("numba", "torch")

FITTING = ("train", "search", "finalists", "rank_sweep", "parity")
"""Rules whose jobs fit models, one after the other."""

SCORING = ("evaluate", "recommend")
"""Rules whose jobs score one model."""


@dataclass(frozen=True)
class Job:
    """One job of a rule.

    Attributes
    ----------
    size : Size
    train_share : float
        Of the ratings.
    fits : sequence of Fit
        What it fits, one after the other.
    scored : Fit or None
        The model that it scores.
    n_scores : int
        Models times seeds whose scores it reads, in all arms.
    n_models : int
        Models whose scores it compares.
    full_users, listed_users : int
        Users for whom it ranks the whole catalogue, to score it and to recommend from it.
    list_length : int
        Items that it recommends to a user.
    resamples : int
        Of the users.
    torch_with_cuda : bool
        Whether the PyTorch that is installed brings CUDA's libraries.
    """

    size: Size
    train_share: float = 1.0
    fits: Sequence[Fit] = ()
    scored: Fit | None = None
    n_scores: int = 0
    n_models: int = 0
    full_users: int = 0
    listed_users: int = 0
    list_length: int = 0
    resamples: int = 0
    torch_with_cuda: bool = False

    @property
    def gpus(self) -> int:
        """GPUs that it needs at a time."""
        return max((fit.gpus for fit in self.fits), default=0)


def job_of(
    rule: str,
    config: Block,
    arm: Arm,
    size: Size,
    model: str | None = None,
    *,
    sharded: bool = False,
    torch_with_cuda: bool = False,
) -> Job:
    """The job of a rule.

    Parameters
    ----------
    rule : str
    config : mapping
        The complete configuration.
    arm : Arm
        The experiment, or the variation of it, that the job belongs to.
    size : Size
        Of its data.
    model : str, optional
        Name of the model that the job fits, scores or recommends with.
    sharded : bool
        Whether it is one of several that a search is dealt to.
    torch_with_cuda : bool
        As in `Job`.
    """
    entry = None if model is None else arm.models[model]
    evaluation, recommendations = config["evaluation"], config["recommendations"]
    return Job(
        size,
        train_share=arm.split["train"],
        fits=_fits(rule, config, arm, entry, sharded),
        scored=None if entry is None or rule not in SCORING else largest_fit(entry, config),
        n_scores=_scores_read(rule, config, arm),
        n_models=len(arm.models),
        full_users=_at_most(evaluation["full_users"], size.users),
        listed_users=_at_most(recommendations["users"], size.users),
        list_length=recommendations["n"],
        resamples=evaluation["bootstrap_resamples"] * _resamples(rule, config),
        torch_with_cuda=torch_with_cuda,
    )


def _fits(rule: str, config: Block, arm: Arm, entry: Block | None, sharded: bool) -> list[Fit]:
    if rule == "rank_sweep":
        return _swept(config, arm)
    if rule == "parity":
        return _of_each_engine(config) * int(config["seeds"])
    if entry is None or rule not in FITTING:
        return []
    repeated = _repeated(rule, config["search"], is_trained(entry), sharded)
    return [largest_fit(entry, config)] * repeated


def _repeated(rule: str, search: Block, trained: bool, sharded: bool) -> int:
    """How often a job fits its model: trials, finalists from several seeds, or both.

    What is not trained by epochs has no chance in it, and its finalists keep their scores.
    """
    refits = search["finalists"] * search["finalist_seeds"] * trained
    if rule == "finalists":
        return ceil(refits / search["shards"])
    if rule != "search":
        return 1
    if sharded:
        return ceil(search["trials_per_generation"] / search["shards"])
    return int(search["trials"] + refits)


def _swept(config: Block, arm: Arm) -> list[Fit]:
    """A truncated SVD of each rank, and a factorisation of each where there is one to compare."""
    compared = arm.models.get(config["svd"]["compared_with"])
    fits = [Fit("svd", factors=rank) for rank in config["svd"]["ranks"]]
    if compared is None:
        return fits
    trained = largest_fit(compared, config)
    return fits + [replace(trained, factors=rank) for rank in config["svd"]["ranks"]]


def _of_each_engine(config: Block) -> list[Fit]:
    """Every variant by every engine, on the CPU."""
    entries = [{"kind": "mf"}, {"kind": "content"}]
    entries += [{"kind": "mf-content", "blend": blend} for blend in ("user", "item", "both")]
    asked = [{"engine": engine, "optimiser": "sgd", "device": "cpu"} for engine in ENGINES]
    return [
        largest_fit({**entry, "training": training}, config)
        for entry in entries
        for training in asked
    ]


def _scores_read(rule: str, config: Block, arm: Arm) -> int:
    """Models times seeds whose scores a job reads, in all arms."""
    seeds = config["seeds"]
    if rule == "ablation_table":
        ablated = config["models"][config["ablation"]["model"]]
        return (1 + len(ablation_arms(config))) * len(seeds_of(ablated, seeds))
    of_arm = sum(len(seeds_of(entry, seeds)) for entry in arm.models.values())
    return of_arm * (1 + _paired_arms(config)) if rule == "audit_table" else of_arm


def _paired_arms(config: Block) -> int:
    """Arms of the audit that test the same ratings as the experiment, and are resampled with it."""
    split = config["split"]
    return sum(
        {**split, **arm.get("split", {})} == split for arm in config["audit"]["arms"].values()
    )


def _resamples(rule: str, config: Block) -> bool:
    return rule != "audit_table" or _paired_arms(config) > 0


def _at_most(users: int | None, all_users: int) -> int:
    return all_users if users is None else min(users, all_users)
