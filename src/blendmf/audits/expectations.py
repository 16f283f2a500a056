"""What every fitted statistic may depend on, and what that means."""

from typing import NamedTuple


class Expectation(NamedTuple):
    """Alterations that may change a statistic, by part, and what that means."""

    train: frozenset[str]
    validation: frozenset[str]
    test: frozenset[str]
    meaning: str


NOTHING: frozenset[str] = frozenset()
ROWS = frozenset({"rows"})
RATINGS = frozenset({"values", "rows"})
TIMES = frozenset({"times", "rows"})
ALL = frozenset({"values", "times", "rows"})

EXPECTED = {
    "training mean": Expectation(
        RATINGS, NOTHING, NOTHING, "Fitted on the training ratings alone."
    ),
    "training mean without drift": Expectation(
        ALL,
        TIMES,
        NOTHING,
        "Fitted on the training ratings, each moved to where validation ratings stand in their "
        "users' order: of these the times are looked at, and no rating.",
    ),
    "places of ratings": Expectation(
        TIMES,
        TIMES,
        NOTHING,
        "Tells the order of a user's training ratings, and where validation ratings stand in it.",
    ),
    "training ratings of items": Expectation(
        ROWS, NOTHING, NOTHING, "Counts training ratings alone."
    ),
    "user ids": Expectation(
        ROWS,
        ROWS,
        ROWS,
        "Every user with a rating in any part has a row; ratings are not looked at.",
    ),
    "item ids": Expectation(
        ROWS,
        ROWS,
        ROWS,
        "Every item with a rating in any part has a column: of an item that only the test part "
        "rates, training knows that it exists, and no more.",
    ),
    "training matrix": Expectation(RATINGS, NOTHING, NOTHING, "Holds the training ratings alone."),
    "biases": Expectation(RATINGS, NOTHING, NOTHING, "Fitted on the training ratings alone."),
    "tags used": Expectation(
        TIMES,
        NOTHING,
        NOTHING,
        "A tag is used if training has its author's rating of the item and a rating no older "
        "(content.tags: train-only); or all of them are (all); or none, where tags are no part of "
        "the content.",
    ),
    "vocabulary": Expectation(
        TIMES, ROWS, ROWS, "Words of the items that any part rates, and of the tags that are used."
    ),
    "idf": Expectation(
        TIMES, ROWS, ROWS, "Counts items that any part rates; no rating of any part is looked at."
    ),
    "TF-IDF rows": Expectation(
        TIMES,
        ROWS,
        ROWS,
        "Words times idf: changes with which items exist, and with no held-out rating.",
    ),
}
