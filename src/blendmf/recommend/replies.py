"""What a trained model has to say about one user, in words."""

from collections.abc import Sequence

import numpy as np

from blendmf.common.errors import UserError
from blendmf.models.model import UncertainModel
from blendmf.recommend.titles import close_titles, find_titles, labels
from blendmf.recommend.top_items import LEVEL, top_unseen
from blendmf.recommend.trained_model import Trained

MATCHES_SHOWN = 10


def find_items(trained: Trained, title: str | None, item_id: str | None) -> list[int]:
    """Positions of the items that are meant: whole titles first, then the most rated ones.

    Parameters
    ----------
    trained : Trained
    title : str, optional
        Part of the title.
    item_id : str, optional
        The item's id, instead of a title.

    Raises
    ------
    UserError
        If no item fits; it names titles that are close.
    """
    if item_id is not None:
        position = trained.item_position(item_id)
        if position < 0:
            raise UserError(f"--item-id {item_id}: no such item in {trained.folder}")
        return [position]
    query = title or ""
    titles = labels(trained.items)
    found = find_titles(query, titles)
    if not any(found):
        close = close_titles(query, titles)
        hint = ", perhaps you mean: " + "; ".join(close) if close else ""
        raise UserError(f'--item "{query}": no title in {trained.folder} contains it{hint}')
    n_train = trained.items["n_train"].to_numpy()
    return [item for group in found for item in sorted(group, key=lambda i: (-n_train[i], i))]


def predictions(trained: Trained, user: str, items: Sequence[int]) -> str:
    """Tell what a user would give each of some items, and has given.

    Parameters
    ----------
    trained : Trained
    user : str
        The user's id; for an unknown one the prediction falls back on what the model knows of
        the items, and the text says so.
    items : sequence of int
        Positions; of many, the first ones are shown and the others counted.

    Raises
    ------
    UserError
        If the model predicts no ratings.
    """
    if not trained.model.predicts_ratings:
        raise UserError(
            f"model {trained.name} ranks items but predicts no ratings; choose another with --model"
        )
    position = trained.user_position(user)
    shown = list(items[:MATCHES_SHOWN])
    predicted = trained.model.predict(np.full(len(shown), position), shown)
    known = [_known(trained, position, item) for item in shown]
    names = labels(trained.items.iloc[shown])
    ids = trained.items["item_id"].iloc[shown]
    if len(items) == 1:
        body = [
            f"{names[0]}, item {ids.iloc[0]}",
            f"  predicted rating of user {user}: {predicted[0]:.2f}",
            *_interval(trained, position, shown[0]),
            f"  known rating of user {user}: {known[0]}",
            f"  training ratings of the item: {_training_ratings(trained, items[0])}",
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


def recommendations(trained: Trained, user: str, n: int) -> str:
    """List the `n` best items that a user has not rated in training or validation.

    An unknown user gets what the model's fallback ranks first, and the text says so.
    """
    position = trained.user_position(user)
    known = position >= 0
    seen = [trained.ratings[part][[position]] for part in ("train", "validation") if known]
    top = top_unseen(trained.model, np.array([position]), seen, n)
    value = "predicted_rating" if trained.model.predicts_ratings else "score"
    items = trained.items.iloc[top["item"].to_numpy()]
    rows = zip(top["rank"], top[value], items["item_id"], labels(items), strict=True)
    body = [
        f"rank  {value.split('_')[0]:>9}  item    title",
        *(f"{rank:4}  {figure:9.2f}  {i!s:<6}  {name}" for rank, figure, i, name in rows),
    ]
    return "\n".join([*_head(trained, user), *body])


def _head(trained: Trained, user: str) -> list[str]:
    """Which model answers, and that it does not know the user where it does not."""
    head = [f"model {trained.name}, seed {trained.seed}, {trained.folder}"]
    if trained.user_position(user) < 0:
        head.append(
            f"user {user} is not in the data: what follows rests on the items alone, "
            "as for any unknown user"
        )
    return [*head, ""]


def _interval(trained: Trained, user: int, item: int) -> list[str]:
    """Between which ends the rating will be, if the model says so."""
    if not isinstance(trained.model, UncertainModel):
        return []
    low, high = trained.model.intervals([user], [item], LEVEL)
    return [f"  with {100 * LEVEL:.0f} % probability between: {low[0]:.2f} and {high[0]:.2f}"]


def _known(trained: Trained, user: int, item: int) -> str:
    known = trained.known_rating(user, item)
    return "none" if known is None else f"{known[0]:g} ({known[1]})"


def _training_ratings(trained: Trained, item: int) -> str:
    """Count the item's training ratings and average them."""
    train = trained.ratings["train"]
    ratings = train.data[train.indices == item]
    return f"{len(ratings)}, mean {ratings.mean():.2f}" if len(ratings) else "none"
