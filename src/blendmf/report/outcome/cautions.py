"""What a reader of the outcome should beware of, drawn from this run's own numbers."""

from collections.abc import Iterator, Mapping
from typing import Any

from blendmf.common.wording import enumerated, share_of
from blendmf.evaluation.bootstrap import resamples_needed, smallest_p_value
from blendmf.evaluation.verdict import SIGNIFICANCE
from blendmf.report.outcome.results import Results
from blendmf.report.rst import bullets, escaped, literal

FEW_USERS = 30
"""With fewer users than this the bootstrap's intervals are rough."""

LEVELS = {
    "test_older_than_training_of_user": 0.0,
    "test_older_than_training_of_item": 0.05,
    "test_item_known_only_from_future": 0.01,
    "test_item_cold": 0.01,
}
"""Share of the leakage audit above which the reader is warned."""

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
"""The same for text made of tags, by which of them the content takes (``content.tags``)."""


def cautions(results: Results) -> str:
    """Everything of this run that weakens what is said of it, as a list; or that nothing does."""
    lines = [
        *(line for best in results.best for line in _of_search(best)),
        *_of_budgets(results),
        *_of_chance(results),
        *_of_strata(results),
        *_of_time(results),
        *_of_leakage(results),
        *_of_fitting(results),
    ]
    if lines:
        return bullets(lines)
    return (
        "Nothing: no search ended at a bound of its space, resamples, seeds and users were enough, "
        "and the audit found no leak above its level."
    )


def _of_search(best: Mapping[str, Any]) -> Iterator[str]:
    model, trials = literal(best["model"]), best["trials"]
    for met in best["boundary"]:
        yield (
            f"The search of {model} ended at the {'upper' if met['bound'] == 'high' else 'lower'} "
            f"bound of {literal(met['parameter'])} ({met['value']:.4g}, the bound is "
            f"{met['limit']:.4g}): a better model may lie beyond, so widen the search space."
        )
    if trials["failed"]:
        everything = sum(trials.values())
        yield f"{trials['failed']} of the {everything} trials of {model} failed: training diverged."


def _of_budgets(results: Results) -> Iterator[str]:
    if len({best["budget"]["trials"] for best in results.best}) > 1:
        yield "Searched models had unequal numbers of trials: who had more may be better by that."
    given = [
        literal(name)
        for name, entry in results.models.items()
        if results.best and entry.parameters and not entry.searched
    ]
    if given:
        yield (
            f"{enumerated(given)} {'was' if len(given) == 1 else 'were'} not searched, unlike "
            "others: with settings of their own choice they may do better."
        )


def _of_chance(results: Results) -> Iterator[str]:
    has_chance = any(entry.stochastic for entry in results.models.values())
    if has_chance and results.table["seeds"].max() == 1:
        yield "Every model was fitted once: what another training seed would change is unknown."
    n_users = int(results.metrics["n_users"].max())
    if n_users < FEW_USERS:
        yield f"Only {n_users} users have test ratings: the intervals are rough."
    of_full = results.metrics.loc[results.metrics["metric"] == "full_ndcg_at_k", "n_users"]
    n_ranked = int(of_full.min())
    if n_ranked < min(FEW_USERS, n_users):
        yield (
            f"The catalogue was ranked for {n_ranked} users alone (``evaluation.full_users``): the "
            "metrics of the full protocol are rough."
        )
    resamples = results.evaluation.bootstrap_resamples
    pairs = (
        int(results.differences["metric"].value_counts().max()) if len(results.differences) else 0
    )
    smallest = smallest_p_value(resamples, pairs)
    if smallest >= SIGNIFICANCE:
        yield (
            f"With {resamples:,} resamples and {pairs:,} pairs of models no corrected p-value can "
            f"fall below {smallest:.2g}, so no difference can be shown: raise "
            f"``evaluation.bootstrap_resamples`` to {resamples_needed(SIGNIFICANCE, pairs):,} or "
            "more."
        )


def _of_strata(results: Results) -> Iterator[str]:
    bins = results.strata.drop_duplicates(["stratum", "bin"])
    few = bins[(bins["n_users"] > 0) & (bins["n_users"] < FEW_USERS)]
    if len(few):
        named = [
            f"{escaped(str(stratum))} {', '.join(of_stratum['bin'])}"
            for stratum, of_stratum in few.groupby("stratum", sort=False)
        ]
        yield (
            f"Fewer than {FEW_USERS} users stand behind some strata, whose figures are rough: "
            f"{'; '.join(named)}."
        )


def _of_time(results: Results) -> Iterator[str]:
    parts = results.split["parts"].values()
    if len({part[end] for part in parts for end in ("first_timestamp", "last_timestamp")}) == 1:
        yield (
            "All ratings have the same timestamp, or none: what came first is unknown, a temporal "
            "split goes by the order of the file, and the audit can find no leak in time."
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
        again = "the same" if row["recomputed_equal"] else "something else"
        yield (
            f"{escaped(row['statistic'])} ({literal(row['stored_in'])}) is not what it should be: "
            f"recomputed from the parts it comes out as {again}, and what changes it is "
            f"{row['changes_with_training']} of training, {row['changes_with_validation']} of "
            f"validation, {row['changes_with_test']} of the test. To be expected was: "
            f"{escaped(row['meaning'])}"
        )
