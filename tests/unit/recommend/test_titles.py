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
    ("query", "whole", "parts"),
    [
        ("alien", [5], [6]),
        ("Alien (1979)", [5], []),
        ("a beautiful mind", [0], []),
        ("A Beautiful Mind", [0], []),
        ("BEAUTIFUL MIND, A", [0], [1]),
        ("a beautiful mind (2001)", [0], []),
        ("beautiful mind", [], [0, 1]),
        ("cite des enfants", [], [2]),
        ("la cité des enfants perdus", [], [2]),
        ("Wall-E", [3], []),
        ("l'avventura", [], [4]),
        ("the adventure", [], [4]),
        ("", [], []),
        (" ?!", [], []),
    ],
)
def test_whole_titles_and_parts_are_found_whatever_articles_and_accents(query, whole, parts):
    assert find_titles(query, TITLES) == (whole, parts)


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
