"""Synthetic results of runs, for tests of the report."""

import numpy as np
import pandas as pd

from blendmf.config.models import model_entry
from blendmf.config.protocol import ContentSettings, EvaluationSettings
from blendmf.evaluation.differences import DIFFERENCE_COLUMNS
from blendmf.report.outcome.results import Results, validated
from blendmf.report.summary import summarise

MODELS = {
    "popularity": {"kind": "popularity"},
    "svd": {"kind": "svd", "rank": None},
    "mf": {"kind": "mf"},
    "mf-content": {"kind": "mf-content", "blend": "item"},
}
FULL_NDCG = {"popularity": 0.08, "svd": 0.07, "mf": 0.05, "mf-content": 0.051}
DROPPED = [{"file": "tags_1.csv", "count": 2, "what": "tags without text"}]
PUBLISHED = [
    {"system": "SVD++", "rmse": 0.98, "mae": 0.77, "recall": 0.7, "note": "k=20, *tuned* by_ them"},
    {"system": "1. Cosine", "precision": 0.41},
    {"system": "- Best", "rmse": 0.5, "mae": 0.25, "precision": 1, "recall": 0},
]
RMSE = {"mf-content": 0.976, "mf": 0.985, "svd": 1.01, "popularity": np.nan}


def finding(numerator, denominator, meaning="Test ratings of some sort."):
    counts = {"numerator": numerator, "denominator": denominator}
    return counts | {"share": numerator / denominator if denominator else None, "meaning": meaning}


def part(ratings, items, first=828124615, last=1537799250):
    counts = {"ratings": ratings, "users": 610, "items": items}
    return counts | {"first_timestamp": first, "last_timestamp": last}


def best_of(model, value=0.94, trials=30, epochs=50, failed=0, boundary=()):
    """Result of a search."""
    return {
        "model": model,
        "value": value,
        "trials": {"complete": trials - failed, "failed": failed},
        "budget": {"trials": trials, "epochs": epochs},
        "boundary": list(boundary),
    }


def difference_rows(metric, values, half_width, p_holm, seed_sd):
    names = sorted(name for name, value in values.items() if np.isfinite(value))
    pairs = [(a, b, values[a] - values[b]) for k, a in enumerate(names) for b in names[k + 1 :]]
    rows = [
        (
            *(metric, a, b, d, d - half_width, d + half_width, p_holm / 3, p_holm),
            *(100 * d / values[b], 20 * d, 0.56, seed_sd, 610),
        )
        for a, b, d in pairs
    ]
    return pd.DataFrame(rows, columns=DIFFERENCE_COLUMNS)


def fitted_on(as_expected):
    return pd.DataFrame(
        {
            "statistic": ["idf"],
            "stored_in": ["content/vocabulary.parquet"],
            "recomputed_equal": [True],
            "changes_with_training": ["rows"],
            "changes_with_validation": ["nothing"],
            "changes_with_test": ["values"],
            "as_expected": [as_expected],
            "meaning": ["Independent of all ratings."],
        }
    )


def results(
    rmse=RMSE,
    half_width=0.003,
    p_holm=0.001,
    models=MODELS,
    n_users=610,
    seed_sd=0.002,
    n_seeds=3,
    content=None,
    evaluation=None,
    **changed,
):
    """Results whose differences all have intervals of the same width."""
    ndcg = {name: FULL_NDCG.get(name, 0.05) for name in rmse}
    differences = [
        difference_rows(metric, values, half_width, p_holm, seed_sd)
        for metric, values in (("rmse", rmse), ("full_ndcg_at_k", ndcg))
    ]
    table = pd.DataFrame({"model": list(rmse), "rmse": list(rmse.values())})
    table = table.assign(
        seeds=n_seeds, rmse_low=table["rmse"] - 0.01, rmse_high=table["rmse"] + 0.01
    )
    for metric in ("mae", "rated_precision_at_k", "rated_recall_at_k"):
        table[metric] = 0.5
    table = table.assign(full_ndcg_at_k=list(ndcg.values()), full_coverage=0.1)
    metrics = table.melt(
        ["model", "rmse_low", "rmse_high"], ["rmse", "mae", "full_ndcg_at_k"], "metric", "mean"
    )
    metrics = metrics.rename(columns={"rmse_low": "low", "rmse_high": "high"})
    metrics = metrics.dropna(subset="mean")
    metrics = metrics.assign(seed_sd=0.002, n_seeds=n_seeds, n_users=n_users)
    ranked = table[["model"]].assign(metric="rated_precision_at_k", mean=0.5, n_users=n_users)
    strata = pd.DataFrame(
        [("user-history", "0", 0), ("user-history", "1-10", 400), ("year", "1998", 210)],
        columns=["stratum", "bin", "n_users"],
    )
    sweep = pd.DataFrame(
        [("svd", 5, 0.99, 1.01, 0.1), ("svd", 50, 1.0, 1.0, 0.5), ("mf", 20, 0.96, 0.985, 1.0)],
        columns=["method", "rank", "validation_rmse", "test_rmse", "seconds"],
    )
    facts = {
        "table": table,
        "metrics": pd.concat([metrics, ranked], ignore_index=True),
        "differences": pd.concat(differences, ignore_index=True),
        "strata": pd.concat([strata.assign(model=name) for name in rmse], ignore_index=True),
        "rank_sweep": sweep,
        "best": [],
        "source": {
            "rating_range": [0.5, 5.0],
            "relevance_threshold": 3.5,
            "counts": {
                "users": 610,
                "items_rated": 9724,
                "items_described": 9742,
                "users_described": 0,
                "ratings": 100836,
                "tags": 3683,
                "density": 0.017,
            },
            "ratings": {"mean": 3.5016, "lowest": 0.5, "median": 3.0, "largest": 5.0},
            "dropped": [],
            "doubts": [],
        },
        "text": {"items": 9724, "items_without_terms": 24},
        "lists": {
            "n_users": 610,
            "k": 10,
            "n_users_with_up_to_k_candidates": 200,
            "relevant_share": 0.6,
        },
        "split": {
            "scheme": "per-user-temporal",
            "parts": {
                "train": part(70312, 8335),
                "validation": part(15102, 4000),
                "test": part(15422, 4100),
            },
        },
        "leakage": {},
        "fitted_on": fitted_on(as_expected=True),
        "models": {name: model_entry(values) for name, values in models.items()},
        "content": ContentSettings(**(content or {"parts": ["genres", "tags"]})),
        "evaluation": EvaluationSettings(**({"bootstrap_resamples": 2000} | (evaluation or {}))),
        "published": [],
        "validated": validated(changed.get("best", []), []),
        "r_hats": {},
    }
    return Results(**(facts | changed))


def outcome_text(*args, **changed):
    return summarise(results(*args, **changed), "ml-latest-small")


def outcome(*args, **changed):
    """The outcome on one line."""
    return " ".join(outcome_text(*args, **changed).split())
