"""The question of a run and its answer in a few sentences."""

import numpy as np

from blendmf.common.wording import enumerated, p_value
from blendmf.evaluation.compare import choosable
from blendmf.evaluation.verdict import SIGNIFICANCE, Difference, against
from blendmf.report.outcome.results import BLENDED, PLAIN, Results
from blendmf.report.rst import literal


def question(dataset: str) -> str:
    """The question that the experiment answers."""
    return (
        f"*How good can matrix factorisation get on* {literal(dataset)}, *and does blending in "
        "item content help?*"
    )


def does_content_help(results: Results, dataset: str) -> str:
    """Whether blended factorisation predicts better than plain, and how certain that is."""
    return " ".join(answer_sentences(results, dataset))


def answer_sentences(results: Results, dataset: str) -> list[str]:
    """Whether blended factorisation predicts better than plain; the first sentence is the answer.

    The p-value of the pair alone decides if the pair was chosen before any test error was known,
    by the configuration or by validation. A pair chosen by test errors is one of all pairs, and
    its corrected p-value decides.
    """
    if missing := results.missing_words:
        return [f"**Not asked:** {missing}."]
    rmse = results.rmse
    plain, blended = results.best_of_kind(PLAIN), results.best_of_kind(BLENDED)
    if plain is None or blended is None:
        missing = "plain (kind ``mf``)" if plain is None else "blended (kind ``mf-content``)"
        return [
            "**This run cannot say** whether blending in item content helps: it has no "
            f"{missing} factorisation."
        ]
    difference = against(results.differences, "rmse", plain)[blended]
    values = f"{rmse[plain]:.4f} ({literal(plain)}) to {rmse[blended]:.4f} ({literal(blended)})"
    names = {kind: results.of_kind(kind) for kind in (PLAIN, BLENDED)}
    planned = all(
        len(of_kind) == 1 or set(of_kind) <= results.validated.keys() for of_kind in names.values()
    )
    sentences = [
        *_answer(difference, values, literal(dataset), planned),
        _certainty(difference, results.n_pairs("rmse"), planned),
    ]
    if max(map(len, names.values())) > 1:
        counts = f"{len(names[PLAIN])} plain and {len(names[BLENDED])} blended models"
        sentences.append(
            f"Of {counts}, these are the best of their kind on validation."
            if planned
            else f"Of {counts}, these are the best of their kind on the test part, which favours "
            "the kind with more models."
        )
    return sentences


def _answer(difference: Difference, values: str, dataset: str, planned: bool) -> list[str]:
    amount, low, high = difference.value, difference.low, difference.high
    if low <= 0 <= high:
        return [
            "**Undecided:** this run cannot show whether blending item content changes the test "
            f"RMSE of matrix factorisation on {dataset}.",
            f"The RMSE goes {'down' if amount < 0 else 'up'} by {abs(amount):.4f}, from {values}, "
            f"but the 95 % interval of the difference, {low:+.4f} to {high:+.4f}, contains 0.",
        ]
    verb = "lowers" if amount < 0 else "raises"
    smallest, largest = sorted((abs(low), abs(high)))
    finding = (
        f"blending item content {verb} the test RMSE of matrix factorisation by {abs(amount):.4f} "
        f"(95 % interval {smallest:.4f} to {largest:.4f}), from {values}, on {dataset}"
    )
    doubts = []
    if (difference.p_value if planned else difference.p_holm) >= SIGNIFICANCE:
        corrected = "" if planned else " after correction for all pairs"
        doubts.append(f"the p-value is not below {SIGNIFICANCE:g}{corrected}")
    if difference.within_seeds:
        doubts.append("training with other seeds changes the difference by as much")
    if not doubts:
        return [f"**{'Yes' if amount < 0 else 'No'}:** {finding}."]
    return [f"**Perhaps{' not' if amount > 0 else ''}:** {finding}; but {enumerated(doubts)}."]


def _certainty(difference: Difference, pairs: int, planned: bool) -> str:
    chosen = ", which was chosen before any test error was known," if planned else ""
    facts = [
        f"For this pair alone{chosen} {p_value(difference.p_value)}; as one of all {pairs} pairs "
        f"of models, with Holm's correction, {p_value(difference.p_holm)}",
        f"effect size d\\ :sub:`z` {difference.effect_size:+.2f}",
        f"{100 * difference.share_better:.0f}\N{NO-BREAK SPACE}% of the users get better "
        "predictions",
    ]
    if np.isfinite(difference.seed_sd):
        facts.append(f"standard deviation of the difference over seeds {difference.seed_sd:.4f}")
    return f"{'; '.join(facts)}."


def best_model(results: Results) -> str:
    """The model with the lowest test RMSE, and the models that may be as good."""
    rmse = results.rmse
    if rmse.empty:
        return "No model of this run predicts ratings, so there is no rating error to compare."
    predicting = {str(name): results.models[str(name)] for name in rmse.index}
    best, *others = choosable(predicting, results.text)
    errors = results.metrics[results.metrics["metric"] == "rmse"]
    row = errors.set_index("model").loc[best]
    reached = (
        f"{literal(best)}: test RMSE {row['mean']:.4f} (95 % interval {row['low']:.4f} to "
        f"{row['high']:.4f}, {row['n_users']:,.0f} users"
    )
    if row["n_seeds"] > 1:
        reached += f"; standard deviation over {row['n_seeds']:.0f} seeds {row['seed_sd']:.4f}"
    if not others:
        return f"**The only model that predicts ratings is** {reached})."
    sentences = [f"**The best model is** {reached})."]
    differences = against(results.differences, "rmse", best)
    close = [literal(name) for name in others if differences[name].finding != "worse"]
    if close:
        sentences.append(f"It is not safely distinguishable from {enumerated(close)}.")
    if results.models[best].kind not in (PLAIN, BLENDED):
        factorised = (results.best_of_kind(kind) for kind in (PLAIN, BLENDED))
        named = [f"{literal(name)} {rmse[name]:.4f}" for name in factorised if name]
        if named:
            sentences.append(f"Matrix factorisation is not the best here: {enumerated(named)}.")
    return " ".join(sentences)
