import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from blendmf.data.content import content as content_of_seed
from blendmf.data.content import dealt_rows
from blendmf.data.splits import tags_known_in_training

ITEMS = pd.DataFrame(
    {
        "item_id": [10, 20, 30],
        "title": ["The Battle", "Laughing", "Space"],
        "year": pd.array([1995, None, 2004], dtype="Int64"),
        "genres": [["Action", "Adventure"], ["Comedy", "Drama"], ["Action", "Sci-Fi"]],
    }
)
TAGS = pd.DataFrame(
    {
        "user_id": [1, 1, 2],
        "item_id": [10, 20, 30],
        "tag": ["Epic battle", "funny and heartwarming", "space futuristic"],
        "timestamp": [5, 50, 6],
    }
)
TRAIN = pd.DataFrame({"user_id": [1, 1, 2], "item_id": [10, 20, 20], "timestamp": [10, 20, 10]})
SETTINGS = {
    "parts": ["genres", "tags"],
    "tags": "all",
    "max_terms": 5000,
    "min_items": 1,
    "idf": "textbook",
    "dealt": None,
}


def content(items, tags, train, settings, seed=1):
    return content_of_seed(items, tags, train, **settings, seed=seed)


def weights(built):
    return {
        f"{part}:{term}": idf
        for part, term, idf in built.vocabulary[["part", "term", "idf"]].itertuples(index=False)
    }


def test_textbook_idf_gives_the_expected_weights():
    idf = weights(content(ITEMS, TAGS, TRAIN, SETTINGS))
    assert idf.pop("genres:action") == 0.0
    assert len(idf) == 10
    assert list(idf.values()) == pytest.approx([0.4054651] * 10)


def test_smooth_idf_equals_that_of_scikit_learn():
    idf = weights(content(ITEMS, TAGS, TRAIN, SETTINGS | {"idf": "smooth"}))
    assert idf["genres:action"] == pytest.approx(np.log(4 / 3) + 1)
    assert idf["genres:comedy"] == pytest.approx(np.log(4 / 2) + 1)


def test_each_row_encodes_the_text_of_its_item():
    built = content(ITEMS, TAGS, TRAIN, SETTINGS | {"idf": "smooth"})
    terms = built.vocabulary["part"] + ":" + built.vocabulary["term"]
    rows = [set(terms[built.tfidf[[i]].indices]) for i in range(3)]
    assert rows[1] == {"genres:comedy", "genres:drama", "tags:funny", "tags:heartwarming"}
    assert rows[0] == {"genres:action", "genres:adventure", "tags:epic", "tags:battle"}
    np.testing.assert_allclose(np.sqrt(built.tfidf.multiply(built.tfidf).sum(axis=1)), 1.0, 1e-6)


def test_shuffling_the_items_table_shuffles_the_rows_equally():
    order = [2, 0, 1]
    straight = content(ITEMS, TAGS, TRAIN, SETTINGS).tfidf.toarray()
    shuffled = content(ITEMS.iloc[order].reset_index(drop=True), TAGS, TRAIN, SETTINGS).tfidf
    np.testing.assert_array_equal(shuffled.toarray(), straight[order])


def test_years_decades_and_titles_are_separate_content_parts():
    settings = SETTINGS | {"parts": ["year", "decade", "title"]}
    built = content(ITEMS, TAGS, TRAIN, settings)
    assert set(weights(built)) == {
        *("year:1995", "year:2004", "decade:1990s", "decade:2000s"),
        *("title:battle", "title:laughing", "title:space"),
    }
    assert built.facts["tags_left_out"] == 3


def test_only_tags_known_in_training_are_used():
    # The second tag was written after its author's last training rating; the author of the third
    # did not rate its item in training.
    at_the_limits = TAGS.assign(timestamp=[20, 21, 6])
    for tags in (TAGS, at_the_limits):
        assert list(tags_known_in_training(tags, TRAIN)["tag"]) == ["Epic battle"]
    built = content(ITEMS, TAGS, TRAIN, SETTINGS | {"tags": "train-only"})
    assert (built.facts["tags_used"], built.facts["tags_left_out"]) == (1, 2)


def test_the_most_frequent_terms_are_kept():
    built = content(ITEMS, TAGS, TRAIN, SETTINGS | {"max_terms": 1})
    assert list(built.vocabulary["term"]) == ["action"]
    rare = content(ITEMS, TAGS, TRAIN, SETTINGS | {"min_items": 2})
    assert list(rare.vocabulary["term"]) == ["action"]


@pytest.mark.parametrize("idf", ["smooth", "textbook"])
def test_items_without_text_give_an_empty_matrix(idf):
    bare = ITEMS.assign(genres=[[], [], []])
    built = content(bare, TAGS.iloc[:0], TRAIN, SETTINGS | {"idf": idf})
    assert built.tfidf.shape == (3, 0)
    assert built.facts["items_without_terms"] == 3


def test_text_ids_without_tags_are_accepted():
    train = pd.DataFrame({"user_id": ["ann"], "item_id": ["x"], "timestamp": [1]})
    types = {"user_id": str, "item_id": str, "tag": str, "timestamp": np.int64}
    assert tags_known_in_training(pd.DataFrame(columns=list(types)).astype(types), train).empty


MANY = pd.DataFrame(
    {
        "item_id": range(30),
        "title": "",
        "year": pd.array([1960 + item if item % 7 else None for item in range(30)], dtype="Int64"),
        "genres": [["Drama"] * (item % 3 > 0) for item in range(30)],
    }
)
PLACEBO = SETTINGS | {"parts": ["genres", "year"], "dealt": 1}


def rows_of(built):
    return [tuple(row) for row in built.tfidf.toarray()]


def test_a_placebo_assigns_the_same_rows_to_other_items():
    true = content(MANY, TAGS.iloc[:0], TRAIN, PLACEBO | {"dealt": None})
    placebo = content(MANY, TAGS.iloc[:0], TRAIN, PLACEBO)
    assert sorted(rows_of(placebo)) == sorted(rows_of(true))
    assert rows_of(placebo) != rows_of(true)
    pd.testing.assert_frame_equal(placebo.vocabulary, true.vocabulary)
    assert placebo.facts == true.facts | {"dealt": 1}


def test_a_placebo_depends_on_the_seed_and_its_number():
    def deal(seed, number):
        return rows_of(content(MANY, TAGS.iloc[:0], TRAIN, PLACEBO | {"dealt": number}, seed))

    assert deal(1, 1) == deal(1, 1)
    assert deal(1, 1) != deal(1, 2)
    assert deal(1, 1) != deal(2, 1)
    assert deal(1, 0) != deal(1, 1)


@given(st.integers(2, 40), st.integers(0, 2**32))
def test_every_row_moves_to_another_item_and_none_is_lost(n_items, seed):
    # Only row i has term i; the first item has no terms.
    own = sp.csr_array(np.diag(np.arange(n_items, dtype=np.float32)))
    giver = dealt_rows(own, np.random.default_rng(seed)).toarray().sum(axis=1)
    assert not np.any(giver == np.arange(n_items))
    assert sorted(giver) == list(range(n_items))
