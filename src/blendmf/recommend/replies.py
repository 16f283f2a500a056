"""Replies of a trained model about one user, as text."""

from collections.abc import Sequence

import numpy as np

from blendmf.common.errors import UserError
from blendmf.models.model import UncertainModel
from blendmf.recommend.titles import close_titles, find_titles, labels
from blendmf.recommend.top_items import LEVEL, top_unseen
from blendmf.recommend.trained_model import TrainedModel

MATCHES_SHOWN = 10
"""Largest number of predictions in a reply."""


def find_items(trained: TrainedModel, title: str | None, item_id: str | None) -> list[int]:
    """Positions of the matching items: whole titles first, then by number of training ratings.

    Parameters
    ----------
    trained : TrainedModel
    title : str or None
        Part of the title.
    item_id : str or None
        The item's id, instead of a title.

    Raises
    ------
    UserError
        If no item matches; the message names similar titles.
    """
    if item_id is not None:
        position = trained.position_of("item", item_id)
        if position < 0:
            raise UserError(f"--item-id {item_id}: no such item in {trained.folder}")
        return [position]
    query, titles = title or "", labels(trained.items)
    found = find_titles(query, titles)
    if not any(found):
        close = close_titles(query, titles)
        hint = ", perhaps you mean: " + "; ".join(close) if close else ""
        raise UserError(f'--item "{query}": no title in {trained.folder} contains it{hint}')
    n_train = trained.items["n_train"].to_numpy()
    return [item for group in found for item in sorted(group, key=lambda i: (-n_train[i], i))]


def predictions(trained: TrainedModel, user: str, items: Sequence[int]) -> str:
    """Predicted and known ratings of some items by a user.

    Parameters
    ----------
    trained : TrainedModel
    user : str
        The user's id. For an unknown one the prediction is the model's fallback, and the reply
        says so.
    items : sequence of int
        Positions; the first `MATCHES_SHOWN` are shown and the others counted.

    Raises
    ------
    UserError
        If the model predicts no ratings.
    """
    if not trained.model.predicts_ratings:
        raise UserError(
            f"model {trained.name} ranks items but predicts no ratings; choose another with --model"
        )
    position = trained.position_of("user", user)
    shown = list(items[:MATCHES_SHOWN])
    predicted = trained.model.predict(np.full(len(shown), position), shown)
    known = [trained.known_rating(position, item) or "none" for item in shown]
    names = labels(trained.items.iloc[shown])
    ids = trained.items["item_id"].iloc[shown]
    if len(items) == 1:
        body = [
            f"{names[0]}, item {ids.iloc[0]}",
            f"  predicted rating of user {user}: {predicted[0]:.2f}",
            *_interval(trained, position, shown[0]),
            f"  known rating of user {user}: {known[0]}",
            f"  ratings of the item: {_ratings_of(trained, shown[0])}",
        ]
    else:
        rows = zip(predicted, known, ids, names, strict=True)
        body = [
            f"{len(items)} titles match:",
            "predicted  known             item    title",
            *(f"{p:9.2f}  {k:<16}  {i!s:<6}  {name}" for p, k, i, name in rows),
        ]
    if len(items) > len(shown):
        more = len(items) - len(shown)
        body.append(f"and {more} more: give more of the title, or an id with --item-id")
    return "\n".join([*_head(trained, user), *body])


def recommendations(trained: TrainedModel, user: str, n: int) -> str:
    """The `n` best items that a user has not rated.

    An unknown user gets the ranking of the model's fallback, and the reply says so.
    """
    position = trained.position_of("user", user)
    known = position >= 0
    rated = [part[[position]] for part in trained.ratings.values() if known]
    top = top_unseen(trained.model, np.array([position]), rated, n)
    value = "predicted_rating" if trained.model.predicts_ratings else "score"
    items = trained.items.iloc[top["item"].to_numpy()]
    rows = zip(top["rank"], top[value], items["item_id"], labels(items), strict=True)
    body = [
        f"rank  {value.split('_')[0]:>9}  item    title",
        *(f"{rank:4}  {figure:9.2f}  {i!s:<6}  {name}" for rank, figure, i, name in rows),
    ]
    return "\n".join([*_head(trained, user), *body])


def _head(trained: TrainedModel, user: str) -> list[str]:
    """The model that replies, and a note if the user is unknown."""
    head = [f"model {trained.name}, fitted on {trained.fitted}, {trained.folder}"]
    if trained.position_of("user", user) < 0:
        head.append(
            f"user {user} is not in the data: what follows is based on the items alone, "
            "as for any unknown user"
        )
    return [*head, ""]


def _interval(trained: TrainedModel, user: int, item: int) -> list[str]:
    if not isinstance(trained.model, UncertainModel):
        return []
    low, high = trained.model.intervals([user], [item], LEVEL)
    return [f"  with {100 * LEVEL:.0f} % probability between: {low[0]:.2f} and {high[0]:.2f}"]


def _ratings_of(trained: TrainedModel, item: int) -> str:
    ratings = np.concatenate([r.data[r.indices == item] for r in trained.ratings.values()])
    return f"{len(ratings)}, mean {ratings.mean():.2f}" if len(ratings) else "none"
