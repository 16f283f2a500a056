from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendmf.common.errors import UserError
from blendmf.common.files import read_arrays, write_json
from blendmf.common.random_streams import stream
from blendmf.config.dataset import DatasetSettings, SyntheticSettings
from blendmf.data.tables import read_table
from blendmf.ingest.import_tables import import_tables
from blendmf.ingest.synthetic import (
    CONTENT_EFFECT_DEVIATION,
    FACTOR_EFFECT_DEVIATION,
    ITEM_BIAS_DEVIATION,
    MIN_RATINGS_PER_USER,
    RATING_RANGE,
    RATING_STEP,
    USER_BIAS_DEVIATION,
    draw_distinct,
    generate,
    power_law_shares,
)
from blendmf.models.factor_model import FactorModel
from configs import changed

SETTINGS = SyntheticSettings(
    users=800, items=500, ratings=60_000, latent_dim=6, terms=20, noise=0.4
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("synthetic")
    generate(made, SETTINGS, seed=5)
    return made


@pytest.fixture(scope="module")
def ratings(folder) -> pd.DataFrame:
    return read_table(folder / "ratings.parquet")


@pytest.fixture(scope="module")
def truth(folder) -> FactorModel:
    return FactorModel.load(folder / "truth.npz")


def test_the_configured_number_of_distinct_ratings_are_half_steps_in_range(ratings):
    assert len(ratings) == SETTINGS.ratings
    assert not ratings.duplicated(["user_id", "item_id"]).any()
    assert sorted(ratings["user_id"].unique()) == list(range(1, SETTINGS.users + 1))
    assert ratings["item_id"].between(1, SETTINGS.items).all()
    assert ratings["user_id"].value_counts().min() >= MIN_RATINGS_PER_USER
    steps = ratings["rating"].to_numpy() / RATING_STEP
    assert np.array_equal(steps, np.rint(steps))
    assert (ratings["rating"].min(), ratings["rating"].max()) == RATING_RANGE


def test_time_increases_within_a_user_over_a_common_period(ratings):
    steps = ratings.groupby("user_id")["timestamp"].diff().dropna()
    assert (steps > 0).all()
    spans = ratings.groupby("user_id")["timestamp"].agg(["min", "max"])
    assert spans["min"].max() < spans["max"].min()


def test_popularity_and_activity_are_heavy_tailed(ratings):
    for column, largest_tenth, over_median in (("item_id", 0.3, 4), ("user_id", 0.25, 3)):
        counts = ratings[column].value_counts().to_numpy()
        assert counts[: len(counts) // 10].sum() > largest_tenth * len(ratings)
        assert counts.max() > over_median * np.median(counts)
    assert abs(np.corrcoef(ratings["item_id"], ratings["user_id"])[0, 1]) < 0.02


def test_errors_of_the_planted_prediction_are_noise_and_rounding(ratings, truth):
    predicted = truth.predict(ratings["user_id"] - 1, ratings["item_id"] - 1)
    # Four noise standard deviations from both bounds, nothing is clipped.
    inside = (predicted > 2.25) & (predicted < 3.25)
    errors = (ratings["rating"].to_numpy() - predicted)[inside]
    expected = np.sqrt(SETTINGS.noise**2 + RATING_STEP**2 / 12)
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(expected, rel=0.02)
    assert abs(errors.mean()) < 4 * expected / np.sqrt(len(errors))


def test_planted_parameters_have_the_configured_moments(folder, truth):
    assert read_arrays(folder / "truth.npz")["noise"] == SETTINGS.noise
    assert truth.user_bias.std() == pytest.approx(USER_BIAS_DEVIATION, rel=0.1)
    assert truth.item_bias.std() == pytest.approx(ITEM_BIAS_DEVIATION, rel=0.1)
    collaborative = truth.user_factors @ truth.item_factors.T
    assert collaborative.std() == pytest.approx(FACTOR_EFFECT_DEVIATION, rel=0.15)
    by_words = truth.user_factors @ (truth.content @ truth.content_factors).T
    assert by_words.std() == pytest.approx(CONTENT_EFFECT_DEVIATION, rel=0.3)


def test_terms_are_the_genres_and_explain_ratings(folder, ratings, truth):
    items = read_table(folder / "items.parquet")
    assert items["item_id"].tolist() == list(range(1, SETTINGS.items + 1))
    binary = truth.content.toarray() > 0
    names = np.array([f"word{term:02d}" for term in range(1, SETTINGS.terms + 1)])
    assert [set(genres) for genres in items["genres"]] == [set(names[row]) for row in binary]
    assert np.linalg.norm(truth.content.toarray(), axis=1) == pytest.approx(1.0)

    users, rated = ratings["user_id"] - 1, ratings["item_id"] - 1
    vectors = truth.content @ truth.content_factors
    residual = ratings["rating"] - truth.global_mean - truth.user_bias[users]
    effect = np.einsum("nd,nd->n", truth.user_factors[users], vectors[rated])
    shuffled = np.einsum("nd,nd->n", truth.user_factors[users], np.roll(vectors, 1, 0)[rated])
    assert np.corrcoef(residual, effect)[0, 1] > 0.3
    assert abs(np.corrcoef(residual, shuffled)[0, 1]) < 0.2


def test_the_seed_determines_every_byte(folder, tmp_path):
    generate(tmp_path / "same", SETTINGS, seed=5)
    generate(tmp_path / "other", SETTINGS, seed=6)
    for name in ("ratings.parquet", "items.parquet", "truth.npz"):
        made = (folder / name).read_bytes()
        assert made == (tmp_path / "same" / name).read_bytes()
        assert made != (tmp_path / "other" / name).read_bytes()


def test_small_blocks_produce_one_complete_table(tmp_path, monkeypatch):
    monkeypatch.setattr("blendmf.ingest.synthetic.RATINGS_PER_BLOCK", 7_000)
    generate(tmp_path, SETTINGS, seed=5)
    made = read_table(tmp_path / "ratings.parquet")
    assert len(made) == SETTINGS.ratings
    assert not made.duplicated(["user_id", "item_id"]).any()
    assert made["user_id"].is_monotonic_increasing


def test_generated_data_passes_the_import(folder, ratings):
    write_json(folder / "origin.json", {"format": "canonical", "rating_range": RATING_RANGE})
    tables = import_tables(folder, DatasetSettings(name="synthetic"))
    pd.testing.assert_frame_equal(tables.ratings, ratings)
    assert tables.source["counts"]["items_described"] == SETTINGS.items
    assert tables.source["dropped"] == []


@pytest.mark.parametrize(("of_each_user", "beyond"), [(5, -1), (25, 1)])
def test_the_extreme_numbers_of_ratings_are_possible_and_others_refused(
    tmp_path, of_each_user, beyond
):
    n = 20 * of_each_user
    small = changed(SETTINGS, users=20, items=50, ratings=n, terms=1, latent_dim=1)
    generate(tmp_path, small, seed=5)
    counts = read_table(tmp_path / "ratings.parquet")["user_id"].value_counts()
    assert set(counts) == {of_each_user}
    with pytest.raises(UserError, match=r"dataset\.synthetic\.ratings.*give 100 to 500"):
        generate(tmp_path, changed(small, ratings=n + beyond), seed=5)


@given(st.integers(1, 200), st.integers(1, 300), st.floats(0.1, 2.0), st.floats(0.0, 1.0))
def test_counts_have_the_requested_total_and_respect_the_maximum(
    n_shares, most, exponent, fullness
):
    total = int(fullness * n_shares * most)
    shares = power_law_shares(total, n_shares, exponent, most)
    assert shares.sum() == total
    assert shares.min() >= 0
    assert shares.max() <= most


@given(st.lists(st.integers(0, 12), min_size=1, max_size=30), st.integers(0, 100))
def test_draws_are_distinct_and_as_many_as_requested(counts, seed):
    groups, options = draw_distinct(np.array(counts), 12, 1.0, stream(seed, "test"))
    assert np.bincount(groups, minlength=len(counts)).tolist() == counts
    assert len(set(zip(groups.tolist(), options.tolist(), strict=True))) == sum(counts)
    assert ((options >= 0) & (options < 12)).all()
