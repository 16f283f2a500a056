"""The true content beside content dealt to the wrong items."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from blendmf.evaluation.paired_rmse import PairedErrors
from blendmf.evaluation.verdict import SIGNIFICANCE


class Placebos(NamedTuple):
    """Test RMSE with the true content beside the distribution over placebos.

    Attributes
    ----------
    n_placebos : int
    mean, sd, lowest, highest : float
        RMSE over the placebos; `sd` is missing for a single one.
    true_content : float
        RMSE with the content where it belongs.
    n_beaten : int
        Placebos with a higher RMSE than the true content's.
    p_value, smallest_p_value : float
        Permutation p-value of "the words may as well be about other items": (1 + placebos that
        are as good or better) / (1 + placebos), and the smallest that so many can show.
    distance : float
        From the placebos' mean to the true content, in standard deviations of the placebos.
    difference, low, high : float
        True content minus the placebos' mean, paired over users, and its 95 % interval.
    without_content : float
        RMSE of the model without content; missing where there is no such arm.
    verdict : str
        The same in words.
    """

    n_placebos: int
    mean: float
    sd: float | None
    lowest: float
    highest: float
    true_content: float
    n_beaten: int
    p_value: float
    smallest_p_value: float
    distance: float | None
    difference: float
    low: float
    high: float
    without_content: float | None
    verdict: str


def judge_placebos(
    errors: PairedErrors, true: str, placebos: Sequence[str], without: str | None
) -> Placebos:
    """Tell whether the true content beats content that was dealt to other items.

    Parameters
    ----------
    errors : PairedErrors
        Of all these arms.
    true : str
        The arm with the content where it belongs.
    placebos : sequence of str
        One arm at least.
    without : str or None
        The arm without content.

    References
    ----------
    B. Phipson and G. Smyth, "Permutation p-values should never be zero", Statistical Applications
    in Genetics and Molecular Biology 9(1), 2010.
    """
    by_placebo = np.array([errors.rmse([arm]) for arm in placebos])
    reached, n = errors.rmse([true]), len(by_placebo)
    n_beaten = int(np.count_nonzero(by_placebo > reached))
    p_value, smallest = (1 + n - n_beaten) / (1 + n), 1 / (1 + n)
    sd = float(by_placebo.std(ddof=1)) if n > 1 else None
    gap = errors.difference([true], placebos)
    none = None if without is None else errors.rmse([without])
    sentences = [_verdict(n, n_beaten, p_value, smallest)]
    if none is not None:
        sentences.append(_beside_none(reached, float(by_placebo.mean()), none))
    return Placebos(
        n,
        float(by_placebo.mean()),
        sd,
        float(by_placebo.min()),
        float(by_placebo.max()),
        reached,
        n_beaten,
        p_value,
        smallest,
        -gap.difference / sd if sd else None,
        gap.difference,
        gap.low,
        gap.high,
        none,
        " ".join(sentences),
    )


def _verdict(n: int, n_beaten: int, p_value: float, smallest: float) -> str:
    of = f"{n_beaten} of {n} placebo{'' if n == 1 else 's'} (permutation p = {p_value:.3g})"
    if n_beaten < n:
        finding = "is not told from" if p_value > SIGNIFICANCE else "beats"
        return (
            f"The true content {finding} content dealt to the wrong items: it beats {of}, and "
            f"{n - n_beaten} of them do as well or better."
        )
    if smallest > SIGNIFICANCE:
        return (
            f"The true content beats {of}, but so few cannot show that it is more than luck: "
            f"a p of {SIGNIFICANCE} takes {round(1 / SIGNIFICANCE) - 1} placebos."
        )
    return (
        f"The true content beats {of}: it matters whose words they are, and not only that there "
        "are more parameters."
    )


def _beside_none(true: float, mean: float, none: float) -> str:
    by_true, by_mean = (
        f"{abs(rmse - none):.4f} {'lower' if rmse < none else 'higher'}" for rmse in (true, mean)
    )
    return (
        f"Without content the RMSE is {none:.4f}; with the true content it is {by_true}, with "
        f"placebos {by_mean} in the mean."
    )
