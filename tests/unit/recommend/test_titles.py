import pandas as pd
import pytest

from blendmf.recommend.titles import close_titles, find_titles, labels, natural, normalise

TITLES = [
    "Beautiful Mind, A (2001)",
    "Beautiful Mind, A Second Look at a (2005)",
    "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
    "WALL·E (2008)",
    "Avventura, L' (Adventure, The) (1960)",
    "Alien (1979)",
    "Aliens (1986)",
    "Die Hard (1988)",
]


@pytest.mark.parametrize(
    "query",
    ["beautiful mind", "A Beautiful Mind", "BEAUTIFUL MIND, A", "a beautiful mind (2001)"],
)
def test_articles_may_come_first_or_last(query):
    exact, partial = find_titles(query, TITLES)
    assert 0 in exact + partial


def test_whole_titles_are_distinguished_from_parts():
    assert find_titles("alien", TITLES) == ([5], [6])
    assert find_titles("Alien (1979)", TITLES) == ([5], [])
    assert find_titles("a beautiful mind", TITLES) == ([0], [])
    assert find_titles("Beautiful Mind", TITLES) == ([], [0, 1])


def test_diacritics_punctuation_and_other_languages():
    assert find_titles("cite des enfants", TITLES) == ([], [2])
    assert find_titles("la cité des enfants perdus", TITLES) == ([], [2])
    assert find_titles("Wall-E", TITLES) == ([3], [])
    assert find_titles("l'avventura", TITLES) == ([], [4])
    assert find_titles("the adventure", TITLES) == ([], [4])


def test_query_without_letters_finds_nothing():
    assert find_titles("", TITLES) == ([], [])
    assert find_titles(" ?!", TITLES) == ([], [])


def test_an_unknown_title_finds_only_similar_titles():
    assert find_titles("beautifull mind", TITLES) == ([], [])
    assert close_titles("beautifull mind", TITLES)[0] == TITLES[0]
    assert close_titles("zzzz", TITLES) == []
    assert close_titles("city of lots", TITLES)[0] == TITLES[2]
    assert len(close_titles("alien", TITLES, n=1)) == 1


def test_natural_titles_start_with_the_article():
    assert natural(TITLES[2]) == "The City of Lost Children (La Cité des enfants perdus) (1995)"
    assert natural("Die Hard (1988)") == "Die Hard (1988)"


def test_normalise_folds_case_marks_and_spaces():
    assert normalise("  Amélie:  Straße ") == "amelie strasse"


def test_labels_add_the_year_once():
    items = pd.DataFrame(
        {
            "title": ["Alien", "Aliens (1986)", "Untimely", None],
            "year": pd.array([1979, 1986, None, None], dtype="Int64"),
        }
    )
    assert labels(items) == ["Alien (1979)", "Aliens (1986)", "Untimely", "(untitled)"]
