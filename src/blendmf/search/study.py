"""Convert searches to Optuna studies, for inspection and for parameter importances."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from blendmf.common.files import PathLike, replacing
from blendmf.common.random_streams import stream_seed
from blendmf.search.plan import SearchPlan
from blendmf.search.space import Dimension, Params
from blendmf.search.trial_times import Times
from blendmf.search.trials import Trial, scored

if TYPE_CHECKING:
    import pandas as pd

NO_TIME = datetime(1970, 1, 1)
"""Time of trials whose time is not known."""


def new_study(**settings: object) -> optuna.Study:
    """Empty minimising study with the settings of `optuna.create_study`, logging warnings only."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(direction="minimize", **settings)


def distribution(dimension: Dimension) -> BaseDistribution:
    """Optuna distribution of a dimension."""
    kind = IntDistribution if dimension.whole else FloatDistribution
    return kind(dimension.low, dimension.high, log=dimension.log)


def distributions_of(space: Mapping[str, Dimension]) -> dict[str, BaseDistribution]:
    """Optuna distributions of a space, by parameter."""
    return {name: distribution(dimension) for name, dimension in space.items()}


def frozen(
    trial: Trial,
    distributions: Mapping[str, BaseDistribution],
    params: Params | None = None,
    *,
    rungs: Sequence[int] = (),
    failed: TrialState = TrialState.FAIL,
    times: Times = (NO_TIME, NO_TIME),
) -> FrozenTrial:
    """Optuna equivalent of a finished trial.

    Parameters
    ----------
    trial : Trial
    distributions : mapping of str to optuna distribution
    params : dict, optional
        Point to report instead of the trial's own.
    rungs : sequence of int
        Epochs after which trials were judged; the trial's scores there are reported too.
    failed : TrialState
        State to report for a failed trial.
    times : (datetime, datetime)
        Start and end.
    """
    attributes = {"epochs": trial.epochs, "best_epoch": trial.best_epoch}
    states = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": failed}
    return FrozenTrial(
        number=trial.number,
        trial_id=trial.number,
        state=states[trial.state],
        value=trial.value,
        datetime_start=times[0],
        datetime_complete=times[1],
        params=trial.params if params is None else params,
        distributions=dict(distributions),
        user_attrs=attributes,
        system_attrs={},
        intermediate_values=dict(zip(rungs, trial.rungs, strict=False)),
    )


def write_studies(
    path: PathLike, searches: Iterable[tuple[SearchPlan, Iterable[Trial], Mapping[int, Times]]]
) -> None:
    """Write searches as Optuna studies, named after their models, in one SQLite file.

    optuna-dashboard opens it, and so does
    ``optuna.load_study(study_name=model, storage="sqlite:///searches.db")``.

    Parameters
    ----------
    path : path
    searches : iterable of (SearchPlan, iterable of Trial, mapping of int to (datetime, datetime))
        Trials, and the times of each that are known.
    """
    with replacing(path) as temporary:
        storage = optuna.storages.RDBStorage(f"sqlite:///{temporary}")
        for plan, trials, times in searches:
            space = distributions_of(plan.space)
            study = new_study(storage=storage, study_name=plan.model)
            study.add_trials(
                [
                    frozen(trial, space, rungs=plan.rungs, times=_local(times.get(trial.number)))
                    for trial in trials
                ]
            )
        storage.remove_session()
        storage.engine.dispose()


def _local(times: Times | None) -> Times:
    """Times as Optuna has them: local, without their zone."""
    if times is None:
        return NO_TIME, NO_TIME
    start, end = (time.astimezone().replace(tzinfo=None) for time in times)
    return start, end


def importances(plan: SearchPlan, trials: Sequence[Trial]) -> "pd.DataFrame":
    """Share of the variance of the scores that each parameter alone explains (fANOVA).

    Returns
    -------
    DataFrame
        ``parameter, importance``, most important first. The importances add up to 1; all are 0 if
        there are fewer than two different scores or points. A pruned trial counts with the score
        that it had reached.

    References
    ----------
    F. Hutter, H. Hoos and K. Leyton-Brown, "An efficient approach for assessing hyperparameter
    importance", ICML 2014.
    """
    import pandas as pd

    finished = scored(trials)
    shares = dict.fromkeys(plan.space, 0.0)
    points = {tuple(trial.params.values()) for trial in finished}
    if len(points) > 1 and len({trial.value for trial in finished}) > 1:
        shares |= _fanova(plan, finished)
    order = sorted(shares, key=lambda name: -shares[name])
    return pd.DataFrame({"parameter": order, "importance": [shares[name] for name in order]})


def _fanova(plan: SearchPlan, trials: Sequence[Trial]) -> dict[str, float]:
    """Normalised importances by parameter."""
    # Imported here because it loads scikit-learn.
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    # The evaluator would weight a logarithmic parameter by its value, so that low decades hardly
    # count; positions on the searched scale count equally.
    unit = dict.fromkeys(plan.space, distribution(Dimension(0.0, 1.0)))
    study = new_study()
    for trial in trials:
        positions = {name: plan.space[name].position(x) for name, x in trial.params.items()}
        study.add_trial(frozen(replace(trial, pruned=False), unit, positions))
    evaluator = FanovaImportanceEvaluator(seed=stream_seed(plan.seed, "importances", plan.model))
    found = get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items()}
