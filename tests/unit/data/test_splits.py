import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendmf.common.errors import UserError
from blendmf.config.protocol import SplitSettings
from blendmf.data.splits import PARTS, _order, draw_items, fold_of, tags_known_in_training
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


@pytest.mark.parametrize(
    ("train", "validation", "n", "sizes"),
    [
        (0.7, 0.1, 10, [7, 1, 2]),  # 0.7 + 0.1 is below 0.8
        (0.7, 0.15, 20, [14, 3, 3]),  # 0.7 + 0.15 is below 0.85
        (0.1, 0.2, 10, [1, 2, 7]),  # 0.1 + 0.2 is above 0.3
        (0.5, 0.25, 7, [3, 2, 2]),
        (0.98, 0.015, 200, [196, 3, 1]),
    ],
)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_shares_are_cut_where_decimal_fractions_are(scheme, train, validation, n, sizes):
    settings = SplitSettings(scheme=scheme, train=train, validation=validation)
    parts = three_parts(table(1, range(n), times=np.arange(n)), settings)
    assert [len(part) for part in parts] == sizes


def test_ties_of_each_of_many_users_keep_the_order_of_the_table():
    random = np.random.default_rng(0)
    ratings = table(random.integers(0, 3, 300), np.arange(300), random.integers(0, 3, 300))
    parts = three_parts(ratings, SETTINGS)
    for user, own in ratings.groupby("user_id"):
        in_order = own.sort_values(["timestamp", "item_id"])["item_id"].tolist()
        ends = [0, int(0.7 * len(own)), int(0.85 * len(own)), len(own)]
        for part, begin, end in zip(parts, ends, ends[1:], strict=False):
            found = part.loc[part["user_id"] == user, "item_id"]
            assert sorted(found) == sorted(in_order[begin:end])


def test_ties_over_all_users_keep_the_order_of_the_table():
    random = np.random.default_rng(0)
    times = random.integers(0, 3, 300)
    ratings = table(random.integers(0, 9, 300), np.arange(300), times)
    parts = three_parts(ratings, SplitSettings(scheme="global-temporal"))
    found = [
        item for part in parts for item in sorted(part["item_id"], key=lambda k: (times[k], k))
    ]
    assert found == sorted(range(300), key=lambda k: (times[k], k))


@pytest.mark.parametrize("scheme", ["per-user-temporal", "global-temporal"])
@pytest.mark.parametrize(
    ("first", "last"),
    [(-(2**63), 2**63 - 1), (2**63 - 41, 2**63 - 1), (-(2**63), 40 - 2**63), (0, 2**62)],
)
def test_the_smallest_and_largest_times_are_ordered(scheme, first, last):
    """Forty ratings by two users whose times would overflow a common number of user and time."""
    later = np.arange(40) >= 20
    times = np.where(later, last - 40 + np.arange(40), first + np.arange(40))
    order = np.random.default_rng(0).permutation(40)
    ratings = table(np.arange(40)[order] % 2, order, times[order])
    parts = three_parts(ratings, SplitSettings(scheme=scheme))
    # Of 20 ratings each, or of 40 in all, 70 % and 15 % are 14 and 3, or 28 and 6.
    assert [sorted(part["item_id"]) for part in parts] == [
        *(list(range(28)), list(range(28, 34)), list(range(34, 40)))
    ]


@pytest.mark.parametrize("n_moments", [2**62, 2**62 + 1, 2**63])
def test_two_users_with_as_many_moments_as_a_number_can_hold_are_ordered(n_moments):
    rank = np.array([n_moments - 1, 0, n_moments - 1, 5, 0], dtype=np.int64)
    users = np.array([1, 1, 0, 0, 0], dtype=np.int32)
    assert _order(users, rank).tolist() == [4, 3, 2, 1, 0]
    assert _order(users, rank - 3).tolist() == [4, 3, 2, 1, 0]


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
    assert facts["shares"] == {"train": 0.7, "validation": 0.15}
    assert facts["reason"] == "fewer than 5 ratings"


def test_users_with_exactly_the_smallest_number_of_ratings_are_divided():
    ratings = table([1] * 20 + [2] * 5 + [3] * 4, [*range(20), *range(5), *range(4)])
    divided = split(ratings, SETTINGS)
    assert divided.facts["users_kept_whole_in_training"] == 1
    counts = divided.train["user_id"].value_counts()
    assert counts.to_dict() == {1: 14, 2: 3, 3: 4}


def test_facts_of_each_part_by_hand():
    # Two users with six and three ratings of three items; the tested are those of file 1.
    files = np.array([0, 0, 1, 0, 2, 0, 0, 1, 2])
    ratings = table([1] * 6 + [2] * 3, [5, 6, 7, 8, 5, 9, 5, 5, 6], [9, 4, 7, 8, 3, 2, 6, 1, 5])
    ratings = ratings.assign(rating=np.float32([1, 2, 4, 1, 5, 5, 1, 2, 2]), file=files)
    settings = SplitSettings(scheme="given", test="held.csv", validation="valid.csv")
    train = {"ratings": 5, "users": 2, "items": 4, "mean_rating": 2.0}
    assert split(ratings, settings).facts["parts"] == {
        "train": train | {"first_timestamp": 2, "last_timestamp": 9},
        "validation": {"ratings": 2, "users": 2, "items": 2, "mean_rating": 3.5}
        | {"first_timestamp": 3, "last_timestamp": 5},
        "test": {"ratings": 2, "users": 2, "items": 2, "mean_rating": 3.0}
        | {"first_timestamp": 1, "last_timestamp": 7},
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (SETTINGS, r"validation part has no ratings .*split\.train.*; 2 of 2 users"),
        (COLD, r"part has no .*cold-items.* of 1 items\);.* other shares$"),
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


@pytest.mark.parametrize("popularity", [np.repeat([500, 20, 1], [5, 15, 27]), np.array([9, 5, 1])])
def test_every_item_is_hidden_with_the_same_probability(popularity):
    drawn = [draw_items(popularity, (0.7, 0.85), np.random.default_rng(s)) for s in range(2000)]
    for number, share in enumerate((0.7, 0.15, 0.15)):
        # The standard error of the share of 2,000 draws is about 0.01.
        np.testing.assert_allclose(np.mean(np.array(drawn) == number, axis=0), share, atol=0.05)


def test_the_seed_draws_the_validation_part_of_the_rest():
    settings = SplitSettings(scheme="folds", fold=2, folds=3, fold_rule="rows", validation=0.5)
    ratings = table(1, range(30))
    first, again, other = (three_parts(ratings, settings, seed) for seed in (1, 1, 2))
    assert sorted(first[2]["item_id"]) == list(range(10, 20))
    assert [len(part) for part in first] == [10, 10, 10]
    assert pairs(first[1]) == pairs(again[1]) != pairs(other[1])
    odd = three_parts(table(1, range(9)), settings)
    assert [len(part) for part in odd] == [3, 3, 3]
    seven = SplitSettings(scheme="folds", fold=1, folds=2, fold_rule="rows", validation=0.9)
    assert [len(part) for part in three_parts(table(1, range(7)), seven)] == [1, 2, 4]


def test_tags_count_until_the_last_training_rating_of_the_same_item():
    train = pd.DataFrame({"user_id": [1, 1, 2], "item_id": [5, 6, 5], "timestamp": [10, 20, 7]})
    tags = pd.DataFrame(
        {
            "user_id": [1, 1, 1, 1, 2, 2, 3],
            "item_id": [5, 5, 6, 7, 5, 6, 5],
            "timestamp": [15, 20, 21, 3, 7, 7, 0],
        }
    )
    assert tags_known_in_training(tags, train).index.tolist() == [0, 1, 4]


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
