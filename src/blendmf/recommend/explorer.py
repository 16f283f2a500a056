"""Data of the explorer, a page on which to look up any user and any item of a run.

What is recommended comes from models fitted on all ratings, what is compared with held-out ratings
from models fitted on the training part alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from blendmf.config.experiment import ExplorerSettings
from blendmf.recommend.explorer_predictions import (
    ExplorerModel,
    HeldOut,
    counts_of_predictions,
    errors,
    fans,
    held_out_predictions,
    recommendations,
    rounded,
    shown_scores,
)
from blendmf.recommend.explorer_sample import (
    Shown,
    choose_shown,
    rated_matrix,
    user_histories,
)
from blendmf.recommend.item_map import item_map
from blendmf.recommend.near_items import (
    item_vectors,
    near_by_factors,
    near_by_words,
    ratings_needed,
)
from blendmf.recommend.titles import labels
from blendmf.recommend.top_items import LEVEL, decimals_for

N_NEAR = 10
"""Number of similar items of an item."""

N_WORDS = 8
"""Number of an item's words, those with the largest TF-IDF."""

TEST = 2
"""Number of the test part."""


@dataclass(frozen=True, eq=False)
class ExplorerRun:
    """What the explorer reads of a run.

    Attributes
    ----------
    dataset : str
    rating_range : (float, float)
    users, items : DataFrame
        Row number is the position: ``user_id``, and ``item_id, title, year, genres, n_train``.
    item_ratings : DataFrame
        ``n`` and ``mean`` of all ratings of each item.
    tfidf : csr_array of shape (n_items, n_terms)
    vocabulary : DataFrame
        ``term`` and ``part``; row number is the column of `tfidf`.
    models : sequence of ExplorerModel
        Best first.
    """

    dataset: str
    rating_range: tuple[float, float]
    users: pd.DataFrame
    items: pd.DataFrame
    item_ratings: pd.DataFrame
    tfidf: sp.csr_array
    vocabulary: pd.DataFrame
    models: Sequence[ExplorerModel]


def shown_of(run: ExplorerRun, settings: ExplorerSettings, seed: int) -> Shown:
    """Users and items that the explorer of a run shows."""
    n_ratings = run.item_ratings["n"].to_numpy()
    return choose_shown(len(run.users), n_ratings, settings.users, settings.items, seed)


def explorer(
    run: ExplorerRun, shown: Shown, parts: Mapping[str, pd.DataFrame], n: int
) -> dict[str, Any]:
    """Data of the explorer, of JSON types.

    Parameters
    ----------
    run : ExplorerRun
    shown : Shown
    parts : mapping of DataFrame
        The parts ``train``, ``validation`` and ``test`` of the split, in this order, with at least
        the ratings by the shown users: ``user_id, item_id, rating, timestamp``.
    n : int
        Number of recommendations per user.
    """
    user_ids = pd.Index(run.users["user_id"].to_numpy()[shown.users])
    of_users = user_histories(parts, user_ids, pd.Index(run.items["item_id"]))
    rated = rated_matrix(of_users, (len(shown.users), shown.n_items))
    index = shown.index_of_item
    decimals = decimals_for(run.rating_range)
    history = of_users.assign(item=index[of_users["item"].to_numpy()])
    history = history[history["item"] >= 0]
    test = history[history["part"] == TEST]
    held_out = HeldOut(
        test["user"].to_numpy(),
        test["item"].to_numpy(),
        test["rating"].to_numpy(np.float64),
        decimals,
    )
    predicting = [
        (model.name, model.evaluated)
        for model in run.models
        if model.evaluated is not None and model.evaluated.predicts_ratings
    ]
    predicted, low, high = {}, {}, {}
    for name, model in predicting:
        predicted[name], ends = held_out_predictions(model, shown, held_out)
        if ends is not None:
            low[name], high[name] = ends
    genres = sorted({genre for of_item in run.items["genres"] for genre in of_item})
    of_items, map_method = _items(run, shown, rated, genres)
    starts = np.searchsorted(history["user"].to_numpy(), np.arange(len(shown.users) + 1))
    return {
        "dataset": run.dataset,
        "rating_range": rounded(run.rating_range, 4),
        "level": LEVEL,
        "sample": {
            "users": [len(shown.users), shown.n_users],
            "items": [len(shown.items), shown.n_items],
            "how": shown.how,
        },
        "map_method": map_method,
        "models": [model.facts for model in run.models],
        "genres": genres,
        "words": word_labels(run.vocabulary),
        "items": of_items,
        "users": {"id": user_ids.tolist(), **_user_facts(of_users, len(shown.users), decimals)},
        "errors": {name: errors(model, shown, held_out) for name, model in predicting},
        "history": {
            "start": starts.tolist(),
            "item": history["item"].tolist(),
            "rating": rounded(history["rating"], 4),
            "part": "".join(map(str, history["part"])),
            "predicted": predicted,
            "low": low,
            "high": high,
        },
        "recommendations": {
            model.name: recommendations(model, shown, rated, n, run.rating_range)
            for model in run.models
            if model.final is not None
        },
    }


def _user_facts(of_users: pd.DataFrame, n_users: int, decimals: int) -> dict[str, list[Any]]:
    """Number of training ratings and mean of all ratings of each user, on all items."""
    users, ratings = of_users["user"].to_numpy(), of_users["rating"].to_numpy(np.float64)
    in_training = users[of_users["part"].to_numpy() == 0]
    counts = np.bincount(users, minlength=n_users)
    mean = np.bincount(users, ratings, minlength=n_users) / np.maximum(counts, 1)
    return {
        "n_train": np.bincount(in_training, minlength=n_users).tolist(),
        "mean": rounded(mean, decimals),
    }


def _items(
    run: ExplorerRun, shown: Shown, rated: sp.csr_array, genres: list[str]
) -> tuple[dict[str, list[Any]], str]:
    """Block ``items``, and the sentence on how the map was made."""
    decimals = decimals_for(run.rating_range)
    items = run.items.iloc[shown.items]
    n_ratings = run.item_ratings["n"].to_numpy()[shown.items]
    number = {genre: n for n, genre in enumerate(genres)}
    tfidf = run.tfidf[shown.items]
    near, map_method = _near_and_map(run, shown, n_ratings)
    found: dict[str, list[Any]] = {
        "id": items["item_id"].tolist(),
        "title": labels(items),
        "year": [None if pd.isna(year) else int(year) for year in items["year"]],
        "genres": [[number[genre] for genre in of_item] for of_item in items["genres"]],
        "n_train": items["n_train"].tolist(),
        "n": n_ratings.tolist(),
        "mean": rounded(run.item_ratings["mean"].to_numpy()[shown.items], decimals),
        "words": [_top_words(tfidf, row) for row in range(len(items))],
        "near_words": near_by_words(tfidf, n_ratings, N_NEAR),
        "fans": [[] for _ in shown.items],
        "predicted": [[] for _ in shown.items],
        **near,
    }
    best = next((m.final for m in run.models if m.final and m.final.predicts_ratings), None)
    if best is not None:
        scores = shown_scores(best, shown)
        found["fans"] = fans(best, shown, scores, rated, decimals)
        found["predicted"] = counts_of_predictions(scores, run.rating_range)
    return found, map_method


def _near_and_map(
    run: ExplorerRun, shown: Shown, n_ratings: np.ndarray
) -> tuple[dict[str, list[Any]], str]:
    """Map and similar items by the factors of the best model that has any."""
    for model in run.models:
        fitted = model.final or model.evaluated
        vectors = None if fitted is None else item_vectors(fitted, shown.items)
        if vectors is None:
            continue
        needed = ratings_needed(n_ratings)
        among = n_ratings >= needed
        near = near_by_factors(vectors, among, n_ratings, N_NEAR)
        method = (
            f"The first two principal components of the item factors of {model.name}, fitted on "
            f"{model.facts['fitted_on']}, for the {np.count_nonzero(among):,} items with at least "
            f"{needed} ratings."
        )
        return {**item_map(vectors, among)._asdict(), "near_factors": near}, method
    nothing = [None] * len(shown.items)
    empty: list[list[Any]] = [[] for _ in shown.items]
    return {"x": nothing, "y": nothing, "near_factors": empty}, "No model has item factors."


def _top_words(tfidf: sp.csr_array, row: int) -> list[list[Any]]:
    """The item's words with the largest TF-IDF: column and value."""
    own = slice(tfidf.indptr[row], tfidf.indptr[row + 1])
    words, values = tfidf.indices[own], tfidf.data[own]
    order = np.argsort(-values, kind="stable")[:N_WORDS]
    return [
        list(pair) for pair in zip(words[order].tolist(), rounded(values[order], 2), strict=True)
    ]


def word_labels(vocabulary: pd.DataFrame) -> list[str]:
    """The terms, with the part they come from where two parts have the same term."""
    repeated = vocabulary["term"].duplicated(keep=False)
    return [
        f"{term} ({part})" if is_repeated else term
        for term, part, is_repeated in zip(
            vocabulary["term"], vocabulary["part"], repeated, strict=True
        )
    ]
