"""Cautions for the reader of the outcome, derived from this run's own numbers."""

from collections.abc import Iterator
from itertools import chain

from blendmf.common.wording import enumerated, share_of
from blendmf.evaluation.bootstrap import resamples_needed, smallest_p_value
from blendmf.evaluation.verdict import SIGNIFICANCE
from blendmf.report.outcome.results import Results
from blendmf.report.rst import bullets, escaped, literal

ORDERS = 100
"""Ratio of the largest rating to the median from which on ratings are like counts."""

MANY_WITHOUT_WORDS = 1 / 10
"""Share of items without words above which there is a caution."""

NAMES = {
    "rated_precision_at_k": "Precision, rated",
    "rated_recall_at_k": "Recall, rated",
    "full_ndcg_at_k": "NDCG, full",
}
"""Columns of the table as the report calls them."""

FEW_USERS = 30
"""With fewer users the bootstrap's intervals are rough."""

SETTLED = 1.1
"""Split R-hat up to which draws count as draws from one distribution."""

LEVELS = {
    "test_older_than_training_of_user": 0.0,
    "test_older_than_training_of_item": 0.05,
    "test_item_known_only_from_future": 0.01,
    "test_item_cold": 0.01,
}
"""Shares of the leakage audit above which there is a caution."""

LEVELS_OF_TAGS = {
    "all": {
        "tags_on_test_pairs": 0.0,
        "all_tags_after_by_own_user": 0.0,
        "all_tags_inform_earlier_test": 0.01,
    },
    "train-only": {
        "train_only_tags_after_by_own_user": 0.0,
        "train_only_tags_inform_earlier_test": 0.01,
    },
}
"""The same for models that use tags, by the configured ``content.tags``."""


def cautions(results: Results) -> str:
    """List of everything in this run that weakens its results, or a sentence if nothing does."""
    return bullets(caution_sentences(results)) or (
        "None: no search ended at a bound of its space; resamples, seeds and users were enough; "
        "and the audit found no leak above its level."
    )


def caution_sentences(results: Results) -> list[str]:
    """Everything in this run that weakens its results."""
    checks = (
        *(
            _of_data,
            _of_words,
            _of_lists,
            _of_searches,
            _of_chance,
            _of_draws,
            _of_strata,
            _of_time,
            _of_leakage,
        ),
        _of_fitting,
    )
    return list(chain.from_iterable(check(results) for check in checks))


def _of_data(results: Results) -> Iterator[str]:
    yield from (f"{escaped(doubt)}." for doubt in results.source["doubts"])
    lowest, middle, largest = (
        results.source["ratings"][key] for key in ("lowest", "median", "largest")
    )
    if lowest >= 0 and largest > ORDERS * middle > 0:
        yield (
            f"Half of the ratings are at most {middle:.10g}, the largest is {largest:.10g}: like "
            "counts, they span orders of magnitude, and the largest decide the errors. Their "
            "logarithms may be better ratings."
        )
    same = results.differences[
        (results.differences["metric"] == "rmse")
        & (results.differences[["difference", "low", "high"]] == 0).all(axis=1)
    ]
    for row in same.to_dict("records"):
        pair = f"{literal(row['model_a'])} and {literal(row['model_b'])}"
        yield f"{pair} have the same errors: they cannot differ on these data."


def _of_words(results: Results) -> Iterator[str]:
    n_items, without = results.text["items"], results.text["items_without_terms"]
    blended = any(entry.uses_content for entry in results.models.values())
    if blended and results.missing_words is None and without > MANY_WITHOUT_WORDS * n_items:
        yield (
            f"{without:,} of {n_items:,} items have no words: content tells nothing about them, "
            "and the answer about it is mostly about the others."
        )


def _of_lists(results: Results) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for column, reason in results.vacuous.items():
        reasons.setdefault(reason, []).append(NAMES[column])
    for reason, columns in reasons.items():
        yield f"{enumerated(columns)} say nothing here, so do not compare models by them: {reason}."


def _of_searches(results: Results) -> Iterator[str]:
    counts = results.source["counts"]
    largest_rank = min(counts["users"], counts["items_rated"]) - 1
    for best in results.best:
        model, trials = literal(best["model"]), best["trials"]
        for met in best["boundary"]:
            if met["parameter"] == "rank" and met["limit"] >= largest_rank:
                continue  # the data allow no larger one
            yield (
                f"The search of {model} ended at the "
                f"{'upper' if met['bound'] == 'high' else 'lower'} bound of "
                f"{literal(met['parameter'])} ({met['value']:.4g}, the bound is "
                f"{met['limit']:.4g}): a better model may lie beyond it, so widen the search space."
            )
        if best.get("distinct_values") == 1 and trials["complete"] > 1:
            yield (
                f"All trials of {model} had the same score, so that its search could not choose: "
                "its settings are those of the first trial."
            )
        if trials["failed"]:
            total = sum(trials.values())
            yield f"{trials['failed']} of the {total} trials of {model} failed: training diverged."
    if len({best["budget"]["trials"] for best in results.best}) > 1:
        yield (
            "Searched models had different numbers of trials: a model with more may be better for "
            "that reason alone."
        )
    given = [
        literal(name)
        for name, entry in results.models.items()
        if results.best and entry.parameters and not entry.searched
    ]
    if given:
        yield (
            f"{enumerated(given)} {'was' if len(given) == 1 else 'were'} not searched, unlike "
            "other models, and might do better with searched settings."
        )


def _of_chance(results: Results) -> Iterator[str]:
    stochastic = any(entry.stochastic for entry in results.models.values())
    if stochastic and results.table["seeds"].max() == 1:
        yield "Every model was fitted once: the effect of another training seed is unknown."
    metrics = results.metrics
    n_users = int(metrics["n_users"].max())
    if n_users < FEW_USERS:
        yield f"Only {n_users} users have test ratings: the intervals are rough."
    n_ranked = int(metrics.loc[metrics["metric"] == "full_ndcg_at_k", "n_users"].min())
    if n_ranked < min(FEW_USERS, n_users):
        yield (
            f"The catalogue was ranked for only {n_ranked} users (``evaluation.full_users``): the "
            "metrics of the full protocol are rough."
        )
    resamples = results.evaluation.bootstrap_resamples
    pairs = max(results.differences["metric"].value_counts(), default=0)
    smallest = smallest_p_value(resamples, pairs)
    if smallest >= SIGNIFICANCE:
        yield (
            f"With {resamples:,} resamples and {pairs:,} pairs of models no corrected p-value can "
            f"fall below {smallest:.2g}, so no difference can be shown: raise "
            f"``evaluation.bootstrap_resamples`` to {resamples_needed(SIGNIFICANCE, pairs):,} or "
            "more."
        )


def _of_draws(results: Results) -> Iterator[str]:
    unsettled = {name: value for name, value in results.r_hats.items() if value > SETTLED}
    if unsettled:
        yield (
            f"The draws of {enumerated([literal(name) for name in unsettled])} had not settled "
            f"(split R-hat of their validation errors up to {max(unsettled.values()):.1f}; 1.0 if "
            "they have): more sweeps (``epochs``) or ``chains`` may lower the error a little."
        )


def _of_strata(results: Results) -> Iterator[str]:
    bins = results.strata.drop_duplicates(["stratum", "bin"])
    few = bins[(bins["n_users"] > 0) & (bins["n_users"] < FEW_USERS)]
    named = [
        f"{escaped(str(stratum))} {', '.join(of_stratum['bin'])}"
        for stratum, of_stratum in few.groupby("stratum", sort=False)
    ]
    if named:
        yield (
            f"Some strata have fewer than {FEW_USERS} users, so their metrics are rough: "
            f"{'; '.join(named)}."
        )


def _of_time(results: Results) -> Iterator[str]:
    parts = results.split["parts"].values()
    if len({part[end] for part in parts for end in ("first_timestamp", "last_timestamp")}) == 1:
        yield (
            "All ratings have the same timestamp, or none: their order in time is unknown, a "
            "temporal split follows the order of the file, and the audit cannot find leaks in time."
        )


def _of_leakage(results: Results) -> Iterator[str]:
    levels = dict(LEVELS)
    blended = any(entry.uses_content for entry in results.models.values())
    if blended and "tags" in results.content.parts:
        levels |= LEVELS_OF_TAGS[results.content.tags]
    for key, level in levels.items():
        found = results.leakage.get(key)
        if found and found["denominator"] and found["share"] > level:
            share = share_of(found["numerator"], found["denominator"])
            yield f"{escaped(found['meaning'])} Here: {share}."


def _of_fitting(results: Results) -> Iterator[str]:
    unexpected = results.fitted_on[~results.fitted_on["as_expected"]]
    for row in unexpected.to_dict("records"):
        equal = "equals" if row["recomputed_equal"] else "differs from"
        yield (
            f"{escaped(row['statistic'])} ({literal(row['stored_in'])}) is not as expected: the "
            f"value recomputed from the parts {equal} the stored one, which changes with "
            f"{row['changes_with_training']} of training, {row['changes_with_validation']} of "
            f"validation and {row['changes_with_test']} of the test part. Expected: "
            f"{escaped(row['meaning'])}"
        )
