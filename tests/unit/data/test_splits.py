import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendmf.common.errors import UserError
from blendmf.config.protocol import SplitSettings
from blendmf.data.splits import PARTS, draw_items, fold_of
from blendmf.data.splits import split as split_with

SETTINGS = SplitSettings()
SCHEMES = ["per-user-temporal", "random", "global-temporal"]
COLD = SplitSettings(scheme="cold-items")
FILES = ("base.csv", "held.csv", "valid.csv")


def table(users, items, times=0):
    return pd.DataFrame(
        {"user_id": users, "item_id": items, "rating": np.float32(3.0), "timestamp": times}
    )


def split(ratings, settings, seed=1):
    return split_with(ratings, **settings.model_dump(), files=FILES, seed=seed)


@st.composite
def ratings_tables(draw):
    counts = draw(st.lists(st.integers(1, 30), min_size=1, max_size=6))
    counts[0] = max(counts[0], 20)  # at least one user has enough ratings for all three parts
    n = sum(counts)
    times = draw(st.lists(st.integers(0, 12), min_size=n, max_size=n))
    items = np.concatenate([np.arange(c) for c in counts])
    in_order = table(np.repeat(np.arange(len(counts)), counts), items, times)
    return in_order.iloc[draw(st.permutations(range(n)))].reset_index(drop=True)


def three_parts(ratings, settings, seed=1):
    divided = split(ratings, settings, seed)
    return divided.train, divided.validation, divided.test


def pairs(table):
    return set(zip(table["user_id"], table["item_id"], strict=True))


@given(ratings_tables(), st.sampled_from(SCHEMES))
def test_parts_are_disjoint_and_complete(ratings, scheme):
    parts = three_parts(ratings, SplitSettings(scheme=scheme))
    assert sum(len(part) for part in parts) == len(ratings)
    assert set.union(*(pairs(part) for part in parts)) == pairs(ratings)


@given(ratings_tables())
def test_each_user_is_cut_in_time_order_at_the_configured_shares(ratings):
    parts = three_parts(ratings, SETTINGS)
    for user, own in ratings.groupby("user_id"):
        counts = [int((part["user_id"] == user).sum()) for part in parts]
        n = len(own)
        expected = [int(0.70 * n), int(0.85 * n) - int(0.70 * n), n - int(0.85 * n)]
        assert counts == (expected if n >= 5 else [n, 0, 0])
        times = [part.loc[part["user_id"] == user, "timestamp"] for part in parts]
        for earlier, later in ((0, 1), (1, 2), (0, 2)):
            if len(times[earlier]) and len(times[later]):
                assert times[earlier].max() <= times[later].min()


@given(ratings_tables())
def test_global_split_is_in_time_order_over_all_users(ratings):
    train, validation, test = three_parts(ratings, SplitSettings(scheme="global-temporal"))
    assert train["timestamp"].max() <= validation["timestamp"].min()
    assert validation["timestamp"].max() <= test["timestamp"].min()
    assert len(train) == int(0.70 * len(ratings))


def test_ties_in_time_keep_the_order_of_the_table():
    parts = three_parts(table(1, range(20), times=7), SETTINGS)
    assert [list(part["item_id"]) for part in parts] == [
        *(list(range(14)), [14, 15, 16], [17, 18, 19])
    ]


@pytest.mark.parametrize(
    ("scheme", "n_items", "sizes"),
    [("random", 40, [28, 6, 6]), ("cold-items", 200, [140, 30, 30])],
)
def test_the_seed_determines_a_random_split(scheme, n_items, sizes):
    ratings, settings = table(1, range(n_items)), SplitSettings(scheme=scheme)
    first, again, other = (three_parts(ratings, settings, seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first[2], again[2])
    assert pairs(first[2]) != pairs(other[2])
    assert [len(part) for part in first] == [len(part) for part in other] == sizes


def test_facts_state_the_users_that_are_not_split():
    ratings = table([1] * 20 + [2] * 3, [*range(20), *range(3)])
    facts = split(ratings, SETTINGS).facts
    assert facts["users_kept_whole_in_training"] == 1
    assert [facts["parts"][part]["ratings"] for part in PARTS] == [17, 3, 3]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (SETTINGS, r"validation part has no ratings .*split\.train"),
        (COLD, r"part has no .*cold-items.* of 1 items\);"),
    ],
)
def test_an_empty_part_is_refused_with_the_keys_to_change(settings, message):
    with pytest.raises(UserError, match=message):
        split(table([1, 2], 1), settings)


@st.composite
def popular_items(draw):
    counts = draw(st.lists(st.integers(1, 8), min_size=30, max_size=60))
    items = np.repeat(np.arange(len(counts)), counts)
    order = draw(st.permutations(range(len(items))))
    return table(np.arange(len(items)) % 7, items).iloc[order].reset_index(drop=True)


@settings(max_examples=30)
@given(popular_items(), st.integers(0, 2**32))
def test_cold_items_are_in_one_part_with_all_their_ratings(ratings, seed):
    divided = split(ratings, COLD, seed)
    parts = (divided.train, divided.validation, divided.test)
    items = [set(part["item_id"]) for part in parts]
    assert sum(len(part) for part in parts) == len(ratings)
    assert sum(len(of_part) for of_part in items) == ratings["item_id"].nunique()
    assert set.union(*items) == set(ratings["item_id"])
    assert divided.facts["items_hidden"] == {
        name: len(of_part) for name, of_part in zip(PARTS[1:], items[1:], strict=True)
    }


@settings(max_examples=30)
@given(popular_items(), st.randoms(use_true_random=False))
def test_hidden_items_do_not_depend_on_the_row_order(ratings, random):
    order = random.sample(range(len(ratings)), len(ratings))
    shuffled = split(ratings.iloc[order].reset_index(drop=True), COLD, seed=5)
    assert set(shuffled.test["item_id"]) == set(split(ratings, COLD, seed=5).test["item_id"])


@pytest.mark.parametrize("seed", range(5))
def test_long_tailed_ratings_are_divided_at_the_configured_shares(seed):
    popularity = (600 / (1 + np.arange(3000) / 20)).astype(np.int64)
    part = draw_items(popularity, (0.7, 0.85), np.random.default_rng(seed))
    shares = np.bincount(part, popularity) / popularity.sum()
    np.testing.assert_allclose(shares, [0.7, 0.15, 0.15], atol=0.01)


def test_every_item_is_hidden_with_the_same_probability():
    popularity = np.repeat([500, 20, 1], [5, 15, 27])
    drawn = [draw_items(popularity, (0.7, 0.85), np.random.default_rng(s)) for s in range(2000)]
    for number, share in enumerate((0.7, 0.15, 0.15)):
        # The standard error of the share of 2,000 draws is about 0.01.
        np.testing.assert_allclose(np.mean(np.array(drawn) == number, axis=0), share, atol=0.05)


def test_folds_by_rows_are_consecutive_and_test_each_rating_once():
    assert fold_of(7, 3, "rows", seed=1).tolist() == [1, 1, 1, 2, 2, 3, 3]


@given(st.integers(2, 40), st.integers(2, 6), st.integers(0, 3))
def test_random_folds_have_sizes_that_differ_by_at_most_one(n, folds, seed):
    sizes = np.bincount(fold_of(n, folds, "random", seed), minlength=folds + 1)[1:]
    assert sizes.sum() == n
    assert np.ptp(sizes) <= 1


@given(ratings_tables(), st.sampled_from(["random", "rows"]))
def test_the_folds_test_every_rating_once_and_validate_on_a_share_of_the_rest(ratings, rule):
    tested = []
    for fold in (1, 2, 3, 4):
        settings = SplitSettings(
            scheme="folds", folds=4, fold=fold, fold_rule=rule, validation=0.25
        )
        train, validation, test = three_parts(ratings, settings)
        assert len(validation) == int(0.25 * (len(train) + len(validation)))
        tested += pairs(test)
    assert sorted(tested) == sorted(pairs(ratings))


@given(ratings_tables(), st.sampled_from([0.25, "valid.csv"]))
def test_given_files_are_the_test_and_perhaps_the_validation_part(ratings, validation):
    ratings = ratings.assign(file=np.arange(len(ratings)) % 3)
    settings = SplitSettings(scheme="given", test="held.csv", validation=validation)
    divided = split(ratings, settings, seed=1)
    assert pairs(divided.test) == pairs(ratings[ratings["file"] == 1])
    assert list(divided.test.columns) == ["user_id", "item_id", "rating", "timestamp"]
    assert divided.facts["shares"] == {"validation": validation}, "no share is one of training"
    if validation == "valid.csv":
        assert pairs(divided.validation) == pairs(ratings[ratings["file"] == 2])
    else:
        assert len(divided.validation) == int(0.25 * (ratings["file"] != 1).sum())
