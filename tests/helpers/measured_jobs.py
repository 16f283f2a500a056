"""Jobs that were measured: their properties, memory and processor time."""

from pathlib import Path
from typing import Any

import pandas as pd

from blendmf.resources.costs import Fit, Job
from blendmf.resources.requests import BASELINES
from blendmf.resources.size import Size

TABLE = Path(__file__).parents[1] / "unit/resources/measured_jobs.csv"
MEASURED = pd.read_csv(TABLE, keep_default_na=False)


def measured_job(row: Any) -> Job:
    untrained = "baseline" if row.kind in BASELINES else "closed_form"
    method = "torch" if row.engine == "torch" else row.optimiser or untrained
    words = {"user_words": bool(row.weighs_words), "item_words": bool(row.maps_words)}
    fit = Fit(method, row.factors, row.epochs, row.draws, row.neighbours, **words)
    ranks = row.kind == "pure-svd" or row.rule == "evaluate"
    return Job(
        row.rule,
        Size(row.ratings, row.users, row.items, row.tags, row.terms, row.text_bytes),
        row.train_share,
        [fit] * max(row.fits, 1) if row.kind else [],
        row.n_scores,
        row.resamples,
        row.listed_users if row.rule in ("recommend", "explorer") else row.full_users * ranks,
        row.list_length,
        bool(row.torch_with_cuda),
    )
