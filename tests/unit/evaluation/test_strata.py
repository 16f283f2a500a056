import math

import numpy as np
import pandas as pd
import pytest

from blendmf.evaluation.bins import LOWER_BOUNDS
from blendmf.evaluation.metrics import ranking_metrics
from blendmf.evaluation.ranking_metrics import RankedLists
from blendmf.evaluation.strata import COUNTS, KEYS, STRATA_COLUMNS, VALUES
from blendmf.models.baselines import PopularityModel
from small_evaluation import TableModel, bias_model, evaluated, random_parts

K, THRESHOLD, N_ITEMS = 3, 4.0, 30


def problem(seed):
    """Parts, years of the test ratings, and a model with many equal scores."""
    generator = np.random.default_rng(seed)
    parts = random_parts(seed, n_users=8, n_items=N_ITEMS)
    years = generator.choice([1999, 2001, 2002], size=len(parts[2]))
    scores = generator.integers(0, 9, size=parts[2].shape).astype(np.float32)
    return parts, years, TableModel(scores)


def strata_of_problem(seed, **settings):
    parts, years, model = problem(seed)
    stated = {"k": K, "relevance_threshold": THRESHOLD}
    return evaluated(model, parts, years, **stated, **settings).strata


def metrics_by_definition(parts, model, is_in_bin):
    """Metrics of a bin of test ratings, computed list by list and user by user."""
    test, inside = parts[2], parts[2].where(is_in_bin)
    users = np.unique(inside.users)
    seen = sum(part.to_matrix().toarray() for part in parts[:2]) > 0
    candidates_of = {"rated": test.to_matrix().toarray() > 0, "full": ~seen}
    values = {}
    for protocol, is_candidate in candidates_of.items():
        hits, n_relevant, n_candidates = np.zeros((len(users), K), dtype=bool), [], []
        for row, user in enumerate(users):
            candidates = np.flatnonzero(is_candidate[user])
            ranked = sorted(candidates, key=lambda i, u=user: (-model.scores[u, i], i))[:K]
            relevant = inside.items[(inside.users == user) & (inside.ratings >= THRESHOLD)]
            hits[row, : len(ranked)] = np.isin(ranked, relevant)
            n_relevant.append(len(relevant))
            n_candidates.append(len(candidates))
        lists = RankedLists(hits, np.array(n_relevant), np.array(n_candidates))
        for name, of_users in ranking_metrics(lists).items():
            values[f"{protocol}_{name}"] = of_users.mean()
    errors = model.predict(inside.users, inside.items) - inside.ratings
    of_user = [errors[inside.users == user] for user in users]
    return values | {
        "rmse": math.sqrt(np.mean(errors**2)),
        "mae": np.mean(np.abs(errors)),
        "user_rmse": np.mean([math.sqrt((e**2).mean()) for e in of_user]),
        "user_mae": np.mean([np.abs(e).mean() for e in of_user]),
        "n_ratings": len(inside),
        "n_users": len(users),
        "n_items": len(np.unique(inside.items)),
        "n_users_with_relevant": len(np.unique(inside.users[inside.ratings >= THRESHOLD])),
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_every_metric_of_every_bin_follows_its_definition(seed):
    parts, years, model = problem(seed)
    n_train_of_user = np.bincount(parts[0].users, minlength=parts[0].shape[0])
    n_train_of_item = np.bincount(parts[0].items, minlength=parts[0].shape[1])
    value_of = {
        "user-history": n_train_of_user[parts[2].users],
        "item-popularity": n_train_of_item[parts[2].items],
        "cold-start": n_train_of_item[parts[2].items],
        "year": years,
    }
    strata = strata_of_problem(seed)
    filled = strata[strata["n_ratings"] > 0]
    assert filled["stratum"].unique().tolist() == list(value_of)
    assert (strata.groupby("stratum")["n_ratings"].sum() == len(parts[2])).all()
    without_years = evaluated(model, parts).strata
    assert without_years["stratum"].unique().tolist() == list(LOWER_BOUNDS)
    assert len(filled) > 12
    for _, row in filled.iterrows():
        upper = math.inf if row["upper"] is pd.NA else row["upper"]
        value = value_of[row["stratum"]]
        expected = metrics_by_definition(parts, model, (value >= row["lower"]) & (value <= upper))
        found = row[list(expected)].to_dict()
        assert found == pytest.approx(expected), (row["stratum"], row["bin"])


@pytest.mark.parametrize("stratum", LOWER_BOUNDS)
def test_bins_by_number_of_ratings_have_no_gaps_and_an_open_end(stratum):
    bins = strata_of_problem(6).query("stratum == @stratum")
    ends = bins["upper"].iloc[:-1].to_numpy(dtype=int)
    assert bins["lower"].iloc[0] == 0
    assert (bins["lower"].iloc[1:].to_numpy() == ends + 1).all()
    assert bins["upper"].isna().tolist() == [False] * len(ends) + [True]
    assert bins["bin"].iloc[0] == "0"
    assert bins["bin"].iloc[-1] == f"{LOWER_BOUNDS[stratum][-1]}+"


def test_a_single_year_has_the_metrics_of_the_whole_test_part():
    parts, _, model = problem(7)
    result = evaluated(model, parts, np.full(len(parts[2]), 2020))
    (year,) = result.strata[result.strata["stratum"] == "year"].to_dict("records")
    whole = result.metrics["rating"] | {
        f"{protocol}_{name}": value
        for protocol in ("rated", "full")
        for name, value in result.metrics[protocol].items()
    }
    shared = [name for name in VALUES if name in whole]
    assert len(shared) == len(VALUES) - len(["rmse_low", "rmse_high"])
    assert {name: year[name] for name in shared} == pytest.approx({n: whole[n] for n in shared})
    assert year["rmse_low"] < year["rmse"] < year["rmse_high"]
    assert (year["bin"], year["lower"], year["upper"]) == ("2020", 2020, 2020)


def test_keys_and_counts_are_the_same_for_every_model():
    parts, years, model = problem(9)
    models = (model, bias_model(parts[0]), PopularityModel.fit(parts[0]))
    tables = [evaluated(model, parts, years).strata for model in models]
    for table in tables:
        assert table.columns.tolist() == STRATA_COLUMNS
        pd.testing.assert_frame_equal(table[KEYS + COUNTS], tables[0][KEYS + COUNTS])


def test_empty_bins_have_only_catalogue_values():
    strata = strata_of_problem(10)
    empty = strata[strata["n_ratings"] == 0]
    assert len(empty) > 3
    values = [name for name in VALUES if name != "full_coverage"]
    assert empty[values].isna().all(axis=None)
    of_users = empty[empty["stratum"] == "user-history"]
    assert (of_users["n_catalogue"] == N_ITEMS).all()


def test_bins_of_items_add_up_to_the_coverage_of_the_catalogue():
    parts, years, model = problem(11)
    result = evaluated(model, parts, years)
    for stratum in ("item-popularity", "cold-start"):
        bins = result.strata[result.strata["stratum"] == stratum]
        listed = (bins["full_coverage"] * bins["n_catalogue"]).sum()
        assert bins["n_catalogue"].sum() == N_ITEMS
        assert listed == pytest.approx(result.metrics["full"]["n_items_listed"])


def test_a_sample_of_users_for_the_full_protocol_has_its_own_denominators():
    whole, some = strata_of_problem(12), strata_of_problem(12, full_users=4)
    full = [name for name in STRATA_COLUMNS if "full" in name]
    pd.testing.assert_frame_equal(whole.drop(columns=full), some.drop(columns=full))
    history = some[some["stratum"] == "user-history"]
    assert history["n_full_users"].sum() == 4
    assert (whole["n_full_users"] == whole["n_users"]).all()
    assert some.loc[some["n_full_users"] == 0, "full_mrr"].isna().all()
