"""Which part of the ratings everything was fitted on: computed again, and altered to see."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from blendmf.audits import recomputed
from blendmf.audits.expectations import EXPECTED
from blendmf.audits.perturbations import Parts, dependence
from blendmf.audits.recomputed_drift import PlacesOf, mean_without_drift, places_of
from blendmf.common.random_streams import stream
from blendmf.config.models import Entry, ShrunkenBiases, TrainedEntry
from blendmf.config.protocol import ContentSettings
from blendmf.data.content import dealt
from blendmf.data.rating_order import Places

TOLERANCE = 1e-6
"""Largest difference that rounding to 32 bits explains."""

COLUMNS = [
    "statistic",
    "stored_in",
    "recomputed_equal",
    "largest_difference",
    "changes_with_training",
    "changes_with_validation",
    "changes_with_test",
    "as_expected",
    "meaning",
]

PARTS = ("train", "validation", "test")

MODEL_ARRAYS = (
    "kind",
    "rating_range",
    "global_mean",
    "normal",
    "counts",
    "user_bias",
    "item_bias",
)
"""What is read of a model's file."""


@dataclass(frozen=True, eq=False)
class ModelFile:
    """What is checked of a trained model.

    Attributes
    ----------
    path : str
        Where the model is stored.
    entry : Entry
        The settings that it was fitted with.
    arrays : mapping of ndarray
        Those of `MODEL_ARRAYS` that the file has.
    """

    path: str
    entry: Entry
    arrays: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Stored:
    """The files of a run that were fitted on ratings.

    Attributes
    ----------
    user_ids : Series
    items : DataFrame
        The canonical columns and ``n_train``.
    train : csr_array of shape (n_users, n_items)
    tfidf : csr_array of shape (n_items, n_terms)
    vocabulary : DataFrame
    content : mapping
        Facts of the content.
    models : sequence of ModelFile
    paths : mapping of str
        Where ``user_index, item_index, train_matrix, facts, vocabulary, tfidf`` were read, and the
        places of ``train`` and ``validation``, if a model uses them.
    places : Places, optional
    """

    user_ids: pd.Series
    items: pd.DataFrame
    train: sp.csr_array
    tfidf: sp.csr_array
    vocabulary: pd.DataFrame
    content: Mapping[str, Any]
    models: Sequence[ModelFile]
    paths: Mapping[str, str]
    places: Places | None = None


class Check(NamedTuple):
    """A statistic that was computed again: its name, its file, and how far the two are apart."""

    statistic: str
    stored_in: str
    difference: float


def fitted_on(
    parts: Parts,
    items: pd.DataFrame,
    tags: pd.DataFrame,
    stored: Stored,
    settings: ContentSettings,
    seed: int,
) -> tuple[pd.DataFrame, int]:
    """Prove which part everything was fitted on.

    Every statistic is computed a second time from the tables, in another way, and compared with
    what is stored; and each part is altered to see what changes.

    Parameters
    ----------
    parts : mapping of DataFrame
        ``train``, ``validation`` and ``test``; columns ``user_id, item_id, rating, timestamp``.
    items, tags : DataFrame
        The canonical tables.
    stored : Stored
    settings : mapping
        The configuration's `content` block.
    seed : int
        The experiment's.

    Returns
    -------
    table : DataFrame
        `COLUMNS`. ``largest_difference`` is 0 for equal bits and missing where the two do not
        even hold the same entries; ``as_expected`` is False where they differ by more than
        rounding, or where the statistic changes with what it must not depend on.
    n_users : int
        Users whose ratings were altered.
    """
    changes, n_users = dependence(parts, items, tags, settings, seed)
    rows = []
    again = _Recomputation(parts, items, tags, stored, settings, seed)
    for statistic, stored_in, difference in again.checks():
        equal = difference <= TOLERANCE
        by_part = changes[statistic]
        expected = EXPECTED[statistic]
        within = all(set(by_part[part]) <= getattr(expected, part) for part in PARTS)
        words = [", ".join(by_part[part]) or "nothing" for part in PARTS]
        rows.append(
            (statistic, stored_in, equal, difference, *words, equal and within, expected.meaning)
        )
    return pd.DataFrame(rows, columns=COLUMNS), n_users


class _Recomputation:
    """Statistics beside those that are stored."""

    def __init__(
        self,
        parts: Parts,
        items: pd.DataFrame,
        tags: pd.DataFrame,
        stored: Stored,
        settings: ContentSettings,
        seed: int,
    ) -> None:
        self.train, self.validation = parts["train"], parts["validation"]
        self.tags, self.stored, self.settings, self.seed = tags, stored, settings, seed
        self.user_ids = recomputed.distinct("user_id", *parts.values())
        self.item_ids = recomputed.distinct("item_id", *parts.values())
        self.items = items.set_index("item_id").reindex(self.item_ids).reset_index()
        self._means_without_drift: dict[tuple[float, float], float] = {}

    def checks(self) -> Iterator[Check]:
        paths, stored = self.stored.paths, self.stored
        ids = (("user", stored.user_ids), ("item", stored.items["item_id"]))
        for what, of_file in ids:
            own = self.user_ids if what == "user" else self.item_ids
            same = list(own) == list(of_file)
            yield Check(f"{what} ids", paths[f"{what}_index"], 0.0 if same else np.nan)
        counts = stored.items["n_train"]
        yield Check(
            "training ratings of items", paths["item_index"], _apart(counts, self.n_ratings)
        )
        matrix = recomputed.entries(self.train, self.user_ids, self.item_ids)
        yield Check("training matrix", paths["train_matrix"], _matrices_apart(stored.train, matrix))
        if stored.places is not None:
            yield from self._checks_of_places(stored.places)
        for model in stored.models:
            yield from self._checks_of_model(model)
        yield from self._checks_of_content()

    @cached_property
    def n_ratings(self) -> NDArray[np.int64]:
        return recomputed.n_ratings(self.train, self.item_ids)

    @cached_property
    def mean(self) -> float:
        return recomputed.mean_rating(self.train)

    @cached_property
    def places(self) -> PlacesOf:
        return places_of(self.train, self.validation)

    def _checks_of_places(self, stored: Places) -> Iterator[Check]:
        for part in ("train", "validation"):
            table = getattr(self, part).assign(rating=getattr(self.places, part))
            again = recomputed.entries(table, self.user_ids, self.item_ids)
            apart = _matrices_apart(getattr(stored, part), again)
            yield Check("places of ratings", self.stored.paths[part], apart)

    def _mean(self, model: ModelFile) -> Check:
        arrays = model.arrays
        found = float(arrays["global_mean"] if "global_mean" in arrays else arrays["normal"][0])
        entry = model.entry
        if not (isinstance(entry, TrainedEntry) and entry.training.removes_drift):
            return Check("training mean", model.path, _apart([found], [self.mean]))
        low, high = (float(rating) for rating in arrays["rating_range"])
        again = self._mean_without_drift(low, high)
        return Check("training mean without drift", model.path, _apart([found], [again]))

    def _mean_without_drift(self, low: float, high: float) -> float:
        """Computed once for all models, which have the same rating range."""
        if (low, high) not in self._means_without_drift:
            of_tables = (self.train, self.places, self.user_ids, self.item_ids)
            again = mean_without_drift(*of_tables, (low, high))
            self._means_without_drift[low, high] = again
        return self._means_without_drift[low, high]

    def _checks_of_model(self, model: ModelFile) -> Iterator[Check]:
        arrays = model.arrays
        if "counts" in arrays:
            apart = _apart(arrays["counts"], self.n_ratings)
            yield Check("training ratings of items", model.path, apart)
        has_mean = "global_mean" in arrays or "normal" in arrays
        if has_mean and model.entry.predicts_ratings:
            yield self._mean(model)
        if isinstance(model.entry, ShrunkenBiases):
            found = np.concatenate([arrays["user_bias"], arrays["item_bias"]])
            shrinkage = (model.entry.user_shrinkage, model.entry.item_shrinkage)
            again = recomputed.biases(self.train, self.user_ids, self.item_ids, *shrinkage)
            yield Check("biases", model.path, _apart(found, again.astype(np.float32)))

    def _checks_of_content(self) -> Iterator[Check]:
        paths, stored, settings = self.stored.paths, self.stored, self.settings
        used = recomputed.used_tags(self.tags, self.train, settings)
        yield Check("tags used", paths["facts"], _apart([stored.content["tags_used"]], [len(used)]))
        counts = recomputed.term_counts(self.items, used, settings)
        terms = (stored.vocabulary["part"] + ":" + stored.vocabulary["term"]).to_list()
        frequency = recomputed.vocabulary(counts, settings, frozenset(terms))
        same_terms = terms == list(frequency)
        frequencies = stored.vocabulary["document_frequency"]
        apart = _apart(frequencies, list(frequency.values())) if same_terms else np.nan
        yield Check("vocabulary", paths["vocabulary"], apart)
        weights = recomputed.idf(frequency, len(self.items), settings.idf)
        yield Check("idf", paths["vocabulary"], _apart(stored.vocabulary["idf"], weights))
        rows = recomputed.tfidf(counts, frequency, weights)
        if settings.dealt is not None:
            rows = dealt(rows, stream(self.seed, "placebo", settings.dealt))
        # A word that all items have may weigh 0, and be stored or not.
        apart = _matrices_apart(*map(_without_zeros, (stored.tfidf, rows)))
        yield Check("TF-IDF rows", paths["tfidf"], apart)


def _apart(one: ArrayLike, other: ArrayLike) -> float:
    """Largest difference of two arrays; NaN where they have different shapes."""
    a, b = np.asarray(one), np.asarray(other)
    if a.shape != b.shape:
        return np.nan
    return float(np.abs(a - b).max(initial=0.0))


def _without_zeros(matrix: sp.csr_array) -> sp.csr_array:
    kept = matrix.copy()
    kept.eliminate_zeros()
    return kept


def _matrices_apart(one: sp.csr_array, other: sp.csr_array) -> float:
    """Largest difference of the entries of two matrices; NaN where others exist."""
    a, b = (matrix.sorted_indices() for matrix in (one, other))
    same = a.shape == b.shape and all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in ("indptr", "indices")
    )
    return _apart(a.data, b.data) if same else np.nan
