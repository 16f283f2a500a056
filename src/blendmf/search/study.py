"""Trials in Optuna's terms."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from blendmf.common.files import PathLike, replacing
from blendmf.search.plan import SearchPlan
from blendmf.search.space import Dimension, Params
from blendmf.search.trials import Trial

NO_TIME = datetime(1970, 1, 1)
"""Stands for every trial's time, so that the same trials make the same file."""


def new_study(**settings: object) -> optuna.Study:
    """Empty study that minimises, with `optuna.create_study`'s settings and without its chatter."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(direction="minimize", **settings)


def distribution(dimension: Dimension) -> BaseDistribution:
    """Optuna's form of a dimension."""
    kind = IntDistribution if dimension.whole else FloatDistribution
    return kind(dimension.low, dimension.high, log=dimension.log)


def distributions_of(space: Mapping[str, Dimension]) -> dict[str, BaseDistribution]:
    """Optuna's form of a space."""
    return {name: distribution(dimension) for name, dimension in space.items()}


def frozen(
    trial: Trial,
    distributions: Mapping[str, BaseDistribution],
    params: Params | None = None,
    *,
    rungs: Sequence[int] = (),
    failed: TrialState = TrialState.FAIL,
) -> FrozenTrial:
    """Optuna's form of a finished trial.

    Parameters
    ----------
    trial : Trial
    distributions : mapping of str to optuna distribution
    params : dict, optional
        Point of the space, where it is not told as `trial` has it.
    rungs : sequence of int
        Epochs at which trials were judged; what the trial had reached there is told too.
    failed : TrialState
        What a failed trial is told as.
    """
    attributes = {"epochs": trial.epochs, "best_epoch": trial.best_epoch}
    states = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": failed}
    return FrozenTrial(
        number=trial.number,
        trial_id=trial.number,
        state=states[trial.state],
        value=trial.value,
        datetime_start=NO_TIME,
        datetime_complete=NO_TIME,
        params=trial.params if params is None else params,
        distributions=dict(distributions),
        user_attrs=attributes,
        system_attrs={},
        intermediate_values=dict(zip(rungs, trial.rungs, strict=False)),
    )


def write_study(path: PathLike, plan: SearchPlan, trials: Iterable[Trial]) -> None:
    """Write the trials as an Optuna study named after the model, in an SQLite file.

    optuna-dashboard opens it, and so does
    ``optuna.load_study(study_name=model, storage="sqlite:///study.db")``.
    """
    space = distributions_of(plan.space)
    with replacing(path) as temporary:
        storage = optuna.storages.RDBStorage(f"sqlite:///{temporary}")
        study = new_study(storage=storage, study_name=plan.model)
        study.add_trials([frozen(trial, space, rungs=plan.rungs) for trial in trials])
        storage.remove_session()
        storage.engine.dispose()
