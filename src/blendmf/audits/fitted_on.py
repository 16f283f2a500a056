"""Audit of which part of the ratings every fitted statistic depends on.

Two independent checks: each statistic is computed a second time from the tables and compared with
the stored one, and each part is perturbed to see which statistics change.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.audits import recomputed
from blendmf.audits.perturbations import Parts, dependence
from blendmf.common.random_streams import stream
from blendmf.config.models import Entry, ShrunkenBiases, TrainedEntry
from blendmf.config.protocol import ContentSettings
from blendmf.data.content import dealt_rows

TOLERANCE = 1e-6
"""Largest difference, relative to values above 1, that rounding to 32 bits can explain."""

FITTED_ON_COLUMNS = [
    *("statistic", "stored_in", "recomputed_equal", "largest_difference"),
    *("changes_with_training", "changes_with_validation", "changes_with_test"),
    *("as_expected", "meaning"),
]

PARTS = ("train", "validation", "test")

MODEL_ARRAYS = ("rating_range", "global_mean", "normal", "counts", "user_bias", "item_bias")
"""Arrays of a model's file that are checked."""


class Expectation(NamedTuple):
    """Perturbations of each part that may change a statistic, and what that means."""

    train: set[str]
    validation: set[str]
    test: set[str]
    meaning: str


RATINGS, TIMES, ROWS = {"values", "rows"}, {"times", "rows"}, {"rows"}
ALL, NOTHING = {"values", "times", "rows"}, set[str]()
TRAINING_ALONE = Expectation(RATINGS, NOTHING, NOTHING, "Fitted on the training ratings alone.")

EXPECTED = {
    "training mean": TRAINING_ALONE,
    "mean of training and validation": Expectation(
        RATINGS,
        RATINGS,
        NOTHING,
        "Fitted on the training and the validation ratings (refit: true).",
    ),
    "training mean without drift": Expectation(
        ALL,
        TIMES,
        NOTHING,
        "Fitted on the training ratings, each moved to where validation ratings stand in their "
        "users' order: of these the times are looked at, and no rating.",
    ),
    "times of ratings": Expectation(
        *(TIMES, TIMES, TIMES),
        "Tells when each rating of a part was given; a fit reads those of the training and of the "
        "validation part.",
    ),
    "training ratings of items": Expectation(
        ROWS, NOTHING, NOTHING, "Counts training ratings alone."
    ),
    "user ids": Expectation(
        *(ROWS, ROWS, ROWS),
        "Every user with a rating in any part has a row; ratings are not looked at.",
    ),
    "item ids": Expectation(
        *(ROWS, ROWS, ROWS),
        "Every item with a rating in any part has a column: of an item that only the test part "
        "rates, training knows that it exists, and no more.",
    ),
    "training matrix": Expectation(RATINGS, NOTHING, NOTHING, "Holds the training ratings alone."),
    "biases": TRAINING_ALONE,
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
        *(TIMES, ROWS, ROWS),
        "Words times idf: changes with which items exist, and with no held-out rating.",
    ),
}
"""Expectation for each statistic. Their wording is part of ``fitted-on.csv``."""


class ModelFile(NamedTuple):
    """A trained model's path, the settings that it was fitted with, and its `MODEL_ARRAYS`."""

    path: str
    entry: Entry
    arrays: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Stored:
    """The files of a run that were fitted on ratings.

    `items` has the columns of the canonical table and ``n_train``; `train` is of shape (n_users,
    n_items) and `tfidf` of shape (n_items, n_terms); `content` is the run's ``content.json``.
    `times` has those of each part, in the order of its matrix. `paths` are those of ``user_index,
    item_index, train_matrix, times, facts, vocabulary, tfidf``.
    """

    user_ids: pd.Series
    items: pd.DataFrame
    train: sp.csr_array
    times: Mapping[str, NDArray[np.int64]]
    tfidf: sp.csr_array
    vocabulary: pd.DataFrame
    content: Mapping[str, Any]
    models: Sequence[ModelFile]
    paths: Mapping[str, str]


Check = tuple[str, str, float, float]
"""A statistic, the file that stores it, its largest difference from the recomputed one, and its
largest absolute value."""


def fitted_on(
    parts: Parts,
    items: pd.DataFrame,
    tags: pd.DataFrame,
    stored: Stored,
    settings: ContentSettings,
    seed: int,
) -> tuple[pd.DataFrame, int]:
    """Audit which part every statistic was fitted on.

    Parameters
    ----------
    parts : mapping of DataFrame
        ``train``, ``validation`` and ``test``; columns ``user_id, item_id, rating, timestamp``.
    items, tags : DataFrame
        The canonical tables.
    seed : int
        The experiment's seed.

    Returns
    -------
    table : DataFrame
        One row per stored statistic, columns `FITTED_ON_COLUMNS`. ``largest_difference`` between
        stored and recomputed values is missing if their shapes or entries differ. ``as_expected``
        is False if it exceeds `TOLERANCE`, or if the statistic changes with a perturbation that
        must not affect it.
    n_users : int
        Number of users whose ratings were perturbed.
    """
    changes, n_users = dependence(parts, items, tags, settings, seed)
    again = recomputed.RecomputedRatings(**parts)
    described = items.set_index("item_id").reindex(again.item_ids).reset_index(names="item_id")
    used = recomputed.used_tags(tags, parts["train"], settings)
    content = _content_checks(described, used, stored, settings, seed)
    rows = []
    for statistic, stored_in, difference, largest in (*_rating_checks(again, stored), *content):
        equal = difference <= TOLERANCE * max(1.0, largest)
        expected, changed_by = EXPECTED[statistic], changes[statistic]
        within = all(set(changed_by[part]) <= getattr(expected, part) for part in parts)
        words = [", ".join(changed_by[part]) or "nothing" for part in parts]
        result = (equal, difference, *words, equal and within, expected.meaning)
        rows.append((statistic, stored_in, *result))
    return pd.DataFrame(rows, columns=FITTED_ON_COLUMNS), n_users


def _rating_checks(again: recomputed.RecomputedRatings, stored: Stored) -> Iterator[Check]:
    paths = stored.paths
    biases, mean_without_drift = cache(again.biases), cache(again.mean_without_drift)
    n_train = "training ratings of items"
    yield _compared("user ids", paths["user_index"], pd.Index(stored.user_ids), again.user_ids)
    yield _compared(
        "item ids", paths["item_index"], pd.Index(stored.items["item_id"]), again.item_ids
    )
    yield _compared(n_train, paths["item_index"], stored.items["n_train"], again.n_train)
    ratings = again.train["rating"]
    yield _compared(
        "training matrix", paths["train_matrix"], stored.train, again.matrix("train", ratings)
    )
    for part in PARTS:
        times = again.matrix(part, getattr(again, part)["timestamp"], np.int64).data
        yield _compared("times of ratings", paths["times"], stored.times[part], times)
    for path, entry, arrays in stored.models:
        if "counts" in arrays:
            yield _compared(n_train, path, arrays["counts"], again.n_train)
        mean = arrays.get("global_mean", arrays.get("normal"))
        if mean is not None and entry.predicts_ratings:
            mean_found = [float(mean.ravel()[0])]
            if isinstance(entry, TrainedEntry) and entry.training.removes_drift:
                low, high = (float(rating) for rating in arrays["rating_range"])
                again_mean = [mean_without_drift(low, high)]
                yield _compared("training mean without drift", path, mean_found, again_mean)
            elif isinstance(entry, TrainedEntry) and entry.training.refit:
                both = [again.mean_of_both]
                yield _compared("mean of training and validation", path, mean_found, both)
            else:
                yield _compared("training mean", path, mean_found, [again.mean])
        if isinstance(entry, ShrunkenBiases):
            stored_biases = np.concatenate([arrays["user_bias"], arrays["item_bias"]])
            of_both = np.concatenate(biases(entry.user_shrinkage, entry.item_shrinkage))
            yield _compared("biases", path, stored_biases, of_both.astype(np.float32))


def _content_checks(
    items: pd.DataFrame, used: pd.DataFrame, stored: Stored, settings: ContentSettings, seed: int
) -> Iterator[Check]:
    paths, found = stored.paths, stored.vocabulary
    yield _compared("tags used", paths["facts"], [stored.content["tags_used"]], [len(used)])
    counts = recomputed.term_counts(items, used, settings)
    terms = pd.Index(found["part"] + ":" + found["term"])
    kept = recomputed.vocabulary(counts, settings, len(items), preferred=terms)
    frequencies = pd.Series(found["document_frequency"].to_numpy(), terms)
    yield _compared("vocabulary", paths["vocabulary"], frequencies, kept["document_frequency"])
    yield _compared("idf", paths["vocabulary"], found["idf"], kept["idf"].to_numpy())
    rows = recomputed.tfidf(counts, kept, len(items))
    if settings.dealt is not None:
        rows = dealt_rows(rows, stream(seed, "placebo", settings.dealt))
    # A term of all items may have weight 0: stored explicitly or not, it is the same.
    without_zeros = [matrix.copy() for matrix in (stored.tfidf, rows)]
    for matrix in without_zeros:
        matrix.eliminate_zeros()
    yield _compared("TF-IDF rows", paths["tfidf"], *without_zeros)


def _compared(statistic: str, stored_in: str, stored: Any, again: Any) -> Check:
    return statistic, stored_in, _largest_difference(stored, again), _largest(stored)


def _largest(values: Any) -> float:
    """Largest absolute value of numbers; 0 for ids."""
    numbers = values.data if sp.issparse(values) else np.asarray(values)
    is_number = np.issubdtype(numbers.dtype, np.number)
    return float(np.abs(numbers).max(initial=0.0)) if is_number else 0.0


def _largest_difference(one: Any, other: Any) -> float:
    """Largest absolute difference of two values; NaN if their shapes, ids or entries differ."""
    if isinstance(one, pd.Index):
        return 0.0 if list(one) == list(other) else np.nan
    if isinstance(one, pd.Series) and isinstance(other, pd.Series):
        return _largest_difference(one.index, other.index) + _largest_difference(
            one.to_numpy(), other.to_numpy()
        )
    if sp.issparse(one):
        a, b = one.sorted_indices(), other.sorted_indices()
        same = a.shape == b.shape and np.array_equal(a.indptr, b.indptr)
        if not (same and np.array_equal(a.indices, b.indices)):
            return np.nan
        one, other = a.data, b.data
    a, b = np.asarray(one), np.asarray(other)
    return float(np.abs(a - b).max(initial=0.0)) if a.shape == b.shape else np.nan
