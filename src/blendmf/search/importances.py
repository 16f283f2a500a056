"""Which parameters of a search mattered."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from blendmf.common.random_streams import stream_seed
from blendmf.search.plan import SearchPlan
from blendmf.search.space import Dimension
from blendmf.search.study import distribution, frozen, new_study
from blendmf.search.trials import Trial, scored


def importances(plan: SearchPlan, trials: Sequence[Trial]) -> pd.DataFrame:
    """Share of the scores' variance over the space that each parameter explains alone (fANOVA).

    Returns
    -------
    DataFrame
        ``parameter, importance``, the most important first. Importances add up to 1, or are
        all 0 where nothing can be said: with fewer than two different scores, or fewer than two
        different points. A trial that was pruned counts with the score that it had reached, since
        what is to be told is good from bad.

    References
    ----------
    F. Hutter, H. Hoos and K. Leyton-Brown, "An efficient approach for assessing hyperparameter
    importance", ICML 2014.
    """
    finished = scored(trials)
    shares = dict.fromkeys(plan.space, 0.0)
    points = {tuple(trial.params.values()) for trial in finished}
    if len(points) > 1 and len({trial.value for trial in finished}) > 1:
        shares |= _fanova(plan, finished)
    order = sorted(shares, key=lambda name: -shares[name])
    return pd.DataFrame({"parameter": order, "importance": [shares[name] for name in order]})


def _fanova(plan: SearchPlan, trials: Sequence[Trial]) -> dict[str, float]:
    """Normalised importances by parameter."""
    # Imported here since it brings scikit-learn.
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    # The evaluator weighs a logarithmic parameter by plain amount, so that its lower decades
    # count for next to nothing; positions on the searched scale count alike.
    unit = dict.fromkeys(plan.space, distribution(Dimension(0.0, 1.0)))
    study = new_study()
    for trial in trials:
        positions = {name: plan.space[name].position(x) for name, x in trial.params.items()}
        study.add_trial(frozen(replace(trial, pruned=False), unit, positions))
    evaluator = FanovaImportanceEvaluator(seed=stream_seed(plan.seed, "importances", plan.model))
    found = get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items()}
