"""The question of a run and its answer in a sentence."""

import numpy as np

from blendmf.common.wording import enumerated, p_value
from blendmf.evaluation.verdict import SIGNIFICANCE, Difference, against
from blendmf.report.outcome.reference import BLENDED, PLAIN, best_of_kind, chosen_by_validation
from blendmf.report.outcome.results import Results
from blendmf.report.rst import literal


def question(dataset: str) -> str:
    """What a run is made to answer."""
    return (
        f"*How good can matrix factorisation get on* {literal(dataset)}, *and does blending in "
        "item content help?*"
    )


def does_content_help(results: Results, dataset: str) -> str:
    """Whether the blended factorisation predicts better than the plain one, and how sure that is.

    The pair is the one that a run is made to compare. Where it was settled before anything was
    tested, by the configuration or by validation, its p-value stands by itself; a pair that was
    picked by test errors counts as one of all pairs, and its corrected p-value decides.

    Parameters
    ----------
    results : Results
    dataset : str
        Name of the data set.
    """
    rmse = results.rmse
    plain, blended = (
        best_of_kind(kind, rmse, results.models, results.validated) for kind in (PLAIN, BLENDED)
    )
    if plain is None or blended is None:
        missing = "plain (kind ``mf``)" if plain is None else "blended (kind ``mf-content``)"
        return (
            "**This run cannot say** whether blending in item content helps: it has no "
            f"{missing} factorisation."
        )
    difference = against(results.differences, "rmse", plain)[blended]
    values = f"{rmse[plain]:.4f} ({literal(plain)}) to {rmse[blended]:.4f} ({literal(blended)})"
    planned = _is_planned(results)
    sentences = [
        _answer(difference, values, literal(dataset), planned),
        _how_sure(difference, results.n_pairs("rmse"), planned),
        _of_several(results),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _answer(difference: Difference, values: str, dataset: str, planned: bool) -> str:
    amount, low, high = difference.value, difference.low, difference.high
    if difference.finding == "not told apart":
        return (
            "**It cannot be told** whether blending item content changes the test RMSE of matrix "
            f"factorisation on {dataset}: it goes {'down' if amount < 0 else 'up'} by "
            f"{abs(amount):.4f}, from {values}, but the 95 % interval of the difference, "
            f"{low:+.4f} to {high:+.4f}, holds 0."
        )
    verb = "lowers" if amount < 0 else "raises"
    nearest, farthest = sorted((abs(low), abs(high)))
    reached = (
        f"blending item content {verb} the test RMSE of matrix factorisation by {abs(amount):.4f} "
        f"(95 % interval {nearest:.4f} to {farthest:.4f}), from {values}, on {dataset}"
    )
    doubts = []
    if planned and difference.p_value >= SIGNIFICANCE:
        doubts.append(f"the p-value is not below {SIGNIFICANCE:g}")
    if not planned and difference.p_holm >= SIGNIFICANCE:
        doubts.append(f"the p-value is not below {SIGNIFICANCE:g} once corrected for all pairs")
    if difference.within_seeds:
        doubts.append("fits from other seeds differ by as much")
    if not doubts:
        return f"**{'Yes' if amount < 0 else 'No'}:** {reached}."
    return f"**Perhaps{' not' if amount > 0 else ''}:** {reached}; but {enumerated(doubts)}."


def _how_sure(difference: Difference, pairs: int, planned: bool) -> str:
    """Effect size, users and seeds of the difference between blended and plain."""
    why = ", which was settled before anything was tested," if planned else ""
    facts = [
        f"For this pair alone{why} {p_value(difference.p_value)}; as one of all {pairs} pairs of "
        f"models, corrected by Holm, {p_value(difference.p_holm)}",
        f"effect size d\\ :sub:`z` {difference.effect_size:+.2f}",
        f"{100 * difference.share_better:.0f}\N{NO-BREAK SPACE}% of the users are served better",
    ]
    if np.isfinite(difference.seed_sd):
        facts.append(f"standard deviation of the difference over seeds {difference.seed_sd:.4f}")
    return f"{'; '.join(facts)}."


def _of_kind(results: Results) -> dict[str, list[str]]:
    return {
        kind: [name for name in results.rmse.index if results.models[name].kind == kind]
        for kind in (PLAIN, BLENDED)
    }


def _is_planned(results: Results) -> bool:
    """Whether no test error had a part in choosing the two models."""
    return all(
        len(names) == 1 or chosen_by_validation(names, results.validated)
        for names in _of_kind(results).values()
    )


def _of_several(results: Results) -> str:
    of_kind = _of_kind(results)
    if max(map(len, of_kind.values())) < 2:
        return ""
    counts = f"{len(of_kind[PLAIN])} plain and {len(of_kind[BLENDED])} blended models"
    if _is_planned(results):
        return f"Of {counts}, these are the best of their kind on validation."
    return (
        f"These are the best on the test part of {counts}, which flatters the kind that has more."
    )


def best_model(results: Results) -> str:
    """The model of the lowest test RMSE, and which others may be as good."""
    rmse = results.rmse
    if rmse.empty:
        return "No model of this run predicts ratings, so there is no rating error to compare."
    best = str(rmse.index[0])
    metrics = results.metrics
    row = metrics[(metrics["model"] == best) & (metrics["metric"] == "rmse")].iloc[0]
    reached = (
        f"test RMSE {row['mean']:.4f} (95 % interval {row['low']:.4f} to {row['high']:.4f}, "
        f"{row['n_users']:,.0f} users"
    )
    if row["n_seeds"] > 1:
        reached += f"; standard deviation over {row['n_seeds']:.0f} seeds {row['seed_sd']:.4f}"
    if len(rmse) == 1:
        return f"**The only model that predicts ratings is** {literal(best)}: {reached})."
    return " ".join([f"**The best model is** {literal(best)}: {reached}).", *_rivals(results)])


def _rivals(results: Results) -> list[str]:
    """Who is not told apart from the best model, and how factorisation did if it is not best."""
    rmse = results.rmse
    best = str(rmse.index[0])
    differences = against(results.differences, "rmse", best)
    close = [literal(name) for name in rmse.index[1:] if differences[str(name)].finding != "worse"]
    sentences = []
    if close:
        sentences.append(f"It cannot safely be told apart from {enumerated(close)}.")
    if results.models[best].kind not in (PLAIN, BLENDED):
        factorised = [
            best_of_kind(kind, rmse, results.models, results.validated) for kind in (PLAIN, BLENDED)
        ]
        named = [f"{literal(name)} {rmse[name]:.4f}" for name in factorised if name]
        if named:
            sentences.append(f"Matrix factorisation is not the best here: {enumerated(named)}.")
    return sentences
