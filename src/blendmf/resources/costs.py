"""Memory and time of every job: one table of coefficients.

`COSTS` has a row for each class of jobs and `RULES` names the class of each rule. The coefficients
were fitted to measured jobs on 10 thousand to 100 million ratings (a part of them is
``tests/unit/resources/measured_jobs.csv``), on one thread of a 2.5 GHz Xeon. A prediction should
never be below what a job uses, and may be up to three times above.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

from blendmf.resources.size import Size

MEMORY_MARGIN, TIME_MARGIN = 1.3, 4
"""Factors of requests over predictions: versions and data differ, and machines are slow or busy."""

LEAST_MINUTES = 10
"""Minutes to load Python and its libraries over a busy network."""

SNAKEMAKE_MB = 180
"""Memory of one Snakemake process that has read this workflow."""

ROW_PADDING = 16
"""Upper bound of the numbers that an engine adds to a row of factors for alignment."""

RATINGS_PER_BLOCK = 2**18
"""Ratings that are predicted at a time."""

WORDS_PER_ITEM = 10
"""Upper bound of the mean number of words per item."""

Units = Mapping[str, float]


@dataclass(frozen=True)
class Costs:
    """Costs of a class of jobs, per unit of `units`.

    `start_mb` covers the interpreter, its libraries and blocks of fixed size. `memory` and `time`
    are bytes of peak memory and microseconds of one thread, per unit; `LEAST_MINUTES` covers the
    time to start.
    """

    start_mb: float
    memory: Units = field(default_factory=dict)
    time: Units = field(default_factory=dict)


# fmt: off
COSTS = {
    # Pages, tables and figures of the report, whatever the data; manifest computes checksums.
    "report": Costs(160, time={"rating": 0.2}),
    "selection": Costs(58),
    "small_matrix": Costs(480, {"torch_cuda": 560e6}),
    # Tables of ratings.
    "fetch": Costs(180, {"user": 300, "block_rating": 130}, {"rating": 1.0, "text_byte": 2.0}),
    "tables": Costs(180, {"rating": 85, "block_rating": 60, "item": 2500, "tag": 200,
                          "long_byte": 6},
                    {"rating": 0.8, "text_byte": 0.2}),
    "leakage": Costs(160, {"rating": 18, "block_rating": 60, "tag": 2300, "long_byte": 1},
                     {"rating": 0.2, "tag": 10}),
    "content": Costs(235, {"item": 3000, "tag": 2400}, {"item": 100, "tag": 30}),
    "user_features": Costs(215, {"user": 1200}, {"user": 20}),
    "fitted_on": Costs(240, {"rating": 115, "item": 3000, "tag": 1500, "long_byte": 4},
                       {"rating": 4.0, "tag": 60}),
    "figures": Costs(480, {"rating": 50, "long_byte": 1}, {"rating": 0.4}),
    # Fits, by method.
    "baseline": Costs(85, {"train_rating": 35}, {"train_rating": 0.1}),
    "closed_form": Costs(100, {"train_rating": 75, "factor": 20, "neighbour": 15,
                               "listed_user": 1000},
                         {"train_rating": 1.0, "train_factor": 0.08, "train_item": 0.007,
                          "listed_item": 0.05}),
    "als": Costs(220, {"train_rating": 55, "factor": 24},
                 {"train_rating": 0.8, "train_epoch": 0.2, "train_epoch_factor2": 0.004}),
    "bayes": Costs(265, {"train_rating": 85, "factor": 60, "drawn_factor": 4.5},
                   {"train_rating": 2.0, "train_epoch": 0.06, "train_epoch_factor2": 0.0003,
                    "factor_epoch": 0.01}),
    "sgd": Costs(225, {"train_rating": 50, "factor": 16, "item_word": 1024,
                       "user_word": 20, "met_word": 22},
                 {"train_rating": 0.8, "train_epoch": 0.1, "train_epoch_factor": 0.002,
                  "train_epoch_word": 1.2}),
    "torch": Costs(480, {"train_rating": 50, "factor": 28, "block_factor": 24, "user_word": 40,
                         "met_word": 12, "gpu": 1500e6, "torch_cuda": 560e6},
                   {"train_rating": 0.8, "train_epoch": 5.0, "train_epoch_factor": 0.1,
                    "train_epoch_word": 4.0}),
    # Scores of a model, its lists of items, and what is computed from the scores of all models.
    "evaluate": Costs(235, {"rating": 34, "user": 200, "block_factor": 4, "met_word": 8.5,
                            "drawn_factor": 4.5, "neighbour": 8, "long_byte": 0.5},
                      {"rating": 0.8, "user": 60, "listed_item": 0.05, "rating_neighbour": 0.05}),
    "recommend": Costs(185, {"rating": 3, "item": 4700, "factor": 4, "met_word": 8,
                             "drawn_factor": 4.5, "neighbour": 8, "recommended": 390},
                       {"user": 10, "listed_item": 0.05}),
    "explorer": Costs(190, {"rating": 80, "item": 4700, "listed_user": 34000, "factor": 24,
                            "met_word": 17, "drawn_factor": 12, "neighbour": 24},
                      {"rating": 1.0, "listed_user": 3000, "listed_item": 0.1}),
    "compare": Costs(190, {"user": 2200, "resample": 13000, "score": 360, "resampled_pair": 22},
                     {"resampled_user": 0.03, "resampled_score": 0.01, "resampled_pair": 1.0}),
    "variants": Costs(350, {"score": 60}, {"resampled_user": 0.03, "resampled_score": 0.002}),
}
# fmt: on

FIT = "fit"
"""Class of the rules that fit models: each fit has the costs of its method."""

EXTRA_MB = {
    "rank_sweep": 80,
    "importances": 110,
    "scaling": 80,
    "check_parity": 82,
    "final": 100,
    "report_page": 160,
    "explorer": 130,
}
"""Megabytes of libraries that a rule loads in addition to its class."""

RULES_OF_CLASS = {
    FIT: "train search rank_sweep parity final",
    "tables": "import_tables split matrices",
    "variants": "audit_table ablation_table",
    "selection": "select_best check_parity manifest",
    "report": "importances summarise usage scaling report_page index_page",
}
ALONE_IN_CLASS = (
    *("fetch", "leakage", "content", "user_features", "fitted_on", "figures", "small_matrix"),
    *("evaluate", "recommend", "explorer", "compare"),
)
RULES = {rule: rule for rule in ALONE_IN_CLASS} | {
    rule: name for name, rules in RULES_OF_CLASS.items() for rule in rules.split()
}
"""Class of each rule's jobs."""


@dataclass(frozen=True)
class Fit:
    """Properties of a fit of one model that determine its costs.

    Attributes
    ----------
    method : str
        Key of `COSTS`: ``baseline`` (a mean, popularity or chance), ``closed_form``, ``als``,
        ``bayes``, ``sgd`` (in Numba) or ``torch``.
    factors, epochs : int
        Number of factors d (0 for a model without factors), and of epochs.
    draws : int
        Number of posterior draws that the model keeps.
    neighbours : int
        Neighbours of each item.
    user_words, item_words : bool
        Whether the model has word weights per user (w_u), and factors of words (V).
    gpus : int
        GPUs that the configuration requires (``device: cuda``).
    """

    method: str
    factors: int = 0
    epochs: int = 1
    draws: int = 0
    neighbours: int = 0
    user_words: bool = False
    item_words: bool = False
    gpus: int = 0


NO_FIT = Fit("baseline")


@dataclass(frozen=True)
class Job:
    """One job of a rule.

    Attributes
    ----------
    train_share : float
        Share of the ratings that is for training.
    fits : list of Fit
        Models that the job fits or scores, one after the other.
    n_scores : int
        Number of tables of per-user scores that it compares: models x seeds, over all variants.
    resamples : int
        Bootstrap resamples of the users.
    listed_users, list_length : int
        Number of users for whom it ranks the whole catalogue, and of items recommended to each.
    torch_cuda : bool
        Whether its PyTorch is a build with CUDA's libraries, which take memory on the CPU as well.
    """

    rule: str
    size: Size
    train_share: float = 1.0
    fits: list[Fit] = field(default_factory=list)
    n_scores: int = 0
    resamples: int = 0
    listed_users: int = 0
    list_length: int = 0
    torch_cuda: bool = False


def memory_mb(job: Job, attempt: int = 1, *, snakemakes: int = 0) -> int:
    """Memory to request, in MB; each further attempt (from 1) doubles it.

    `snakemakes` is the number of Snakemake processes that share the job's memory limit. A rule
    without costs raises a KeyError.
    """
    return ceil(MEMORY_MARGIN * peak_mb(job)) * 2 ** (attempt - 1) + snakemakes * SNAKEMAKE_MB


def minutes(job: Job, attempt: int = 1) -> int:
    """Run time to request, in minutes; each further attempt doubles it."""
    return (LEAST_MINUTES + ceil(TIME_MARGIN * seconds(job) / 60)) * 2 ** (attempt - 1)


def disk_mb(job: Job) -> int:
    """Disk to request, in MB: tables or matrices, and text both packed and unpacked."""
    text_bytes = 2 * job.size.text_bytes if job.rule == "fetch" else 0
    return 50 + ceil((16 * job.size.ratings + text_bytes) / 1e6)


def gpus(job: Job) -> int:
    """GPUs to request: those of a fit; scoring needs none."""
    return max((fit.gpus for fit in job.fits), default=0) if fits_models(job.rule) else 0


def writes_tables(rule: str) -> bool:
    """Whether jobs of the rule write tables of ratings, for which they request disk."""
    return rule == "fetch" or RULES[rule] == "tables"


def fits_models(rule: str) -> bool:
    """Whether jobs of the rule fit models, for which they may request GPUs."""
    return RULES.get(rule) == FIT


def peak_mb(job: Job) -> float:
    """Predicted peak memory in MB: that of the largest fit."""
    peaks = [
        _megabytes(costs_of(job.rule, fit), job, fit) + EXTRA_MB.get(job.rule, 0)
        for fit in set(job.fits) or {NO_FIT}
    ]
    if job.rule == "final":  # it makes its own matrix
        peaks.append(_megabytes(COSTS["tables"], job, NO_FIT))
    return max(peaks)


def _megabytes(costs: Costs, job: Job, fit: Fit) -> float:
    return costs.start_mb + _total(costs.memory, units(job, fit)) / 1e6


def seconds(job: Job) -> float:
    """Predicted processor seconds above start-up, summed over the fits."""
    fits = job.fits or [NO_FIT]
    return sum(_total(costs_of(job.rule, fit).time, units(job, fit)) for fit in fits) / 1e6


def costs_of(rule: str, fit: Fit = NO_FIT) -> Costs:
    """Row of `COSTS` for a job of the rule; a KeyError if `RULES` does not have the rule."""
    if rule not in RULES:
        raise KeyError(f"rule {rule!r} has no costs: add it to RULES in {__name__}")
    name = RULES[rule]
    return COSTS[fit.method if name == FIT else name]


def units(job: Job, fit: Fit = NO_FIT) -> dict[str, float]:
    """Quantity of each cost unit, by the unit's name."""
    size = job.size
    width = fit.factors + ROW_PADDING if fit.factors else 0
    factors = (size.users + size.items) * width
    user_words = size.users * size.terms * fit.user_words
    neighbours = min(fit.neighbours, size.items)
    train = size.ratings * job.train_share
    return {
        "rating": size.ratings,
        "block_rating": min(size.ratings, 2**20),  # tables are read in blocks
        "train_rating": train,
        "user": size.users,
        "item": size.items,
        "tag": size.tags,
        "text_byte": size.text_bytes,
        "long_byte": size.long_line_bytes,
        # Parameters of the model.
        "factor": factors,
        "drawn_factor": factors * fit.draws,
        "user_word": user_words,
        "met_word": min(user_words, WORDS_PER_ITEM * size.ratings),
        "item_word": size.terms * width * fit.item_words,
        "neighbour": size.items * neighbours,
        "gpu": fit.gpus,
        "torch_cuda": job.torch_cuda,
        "block_factor": min(size.ratings, RATINGS_PER_BLOCK) * width,
        # Work of training.
        "train_epoch": train * fit.epochs,
        "train_epoch_factor": train * fit.epochs * width,
        "train_epoch_factor2": train * fit.epochs * fit.factors**2,
        "train_epoch_word": train * fit.epochs * fit.user_words,
        "train_factor": train * fit.factors,
        "train_item": train * size.items * (neighbours > 0),
        "factor_epoch": factors * fit.epochs,
        # Scores and lists.
        "rating_neighbour": size.ratings * neighbours,
        "listed_user": job.listed_users,
        "listed_item": job.listed_users * size.items,
        "recommended": job.listed_users * job.list_length,
        "score": size.users * job.n_scores,
        # Resamples of the users.
        "resample": job.resamples,
        "resampled_user": job.resamples * size.users,
        "resampled_score": job.resamples * size.users * job.n_scores,
        "resampled_pair": job.resamples * job.n_scores**2,
    }


def _total(costs: Units, counts: Units) -> float:
    return sum(cost * counts[unit] for unit, cost in costs.items())
