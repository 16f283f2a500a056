"""Users and items that a command names, by id or by part of a title; close ones if unknown."""

import difflib
import re
from collections.abc import Iterable

import numpy as np

from blendmf.common.errors import UserError
from blendmf.recommend.titles import close_titles, find_titles, labels, normalise
from blendmf.recommend.trained_model import TrainedModel

LONGEST_TEXT = 1000
"""Most characters of an id or a title that is looked up."""


def find_user(trained: TrainedModel, user: str) -> int:
    """Position of a user.

    Raises
    ------
    UserError
        If no user has this id; the message names close ones.
    """
    _require_text("--user", user)
    position = trained.position_of("user", user)
    if position < 0:
        close = close_ids(user, trained.users["user_id"])
        raise UserError(f"--user {user}: no such user in {trained.folder}{_hint(close)}")
    return position


def find_item(trained: TrainedModel, title: str | None, item_id: str | None) -> tuple[int, int]:
    """The item that is meant, and the number of other titles that match.

    The best match is meant: see `find_items`.
    """
    first, *others = find_items(trained, title, item_id)
    return first, len(others)


def find_items(trained: TrainedModel, title: str | None, item_id: str | None) -> list[int]:
    """Positions of the matching items: whole titles first, then by number of training ratings.

    Parameters
    ----------
    trained : TrainedModel
    title : str or None
        Part of the title, or an id that no title contains.
    item_id : str or None
        The item's id, instead of a title.

    Raises
    ------
    UserError
        If not exactly one of both is given, or no item matches; the message names close ones.
    """
    if (title is None) == (item_id is None):
        raise UserError("name the item by --item TITLE or by --item-id ID, one of both")
    if item_id is not None:
        _require_text("--item-id", item_id)
        position = trained.position_of("item", item_id)
        if position < 0:
            close = close_ids(item_id, trained.items["item_id"])
            raise UserError(f"--item-id {item_id}: no such item in {trained.folder}{_hint(close)}")
        return [position]
    assert title is not None
    _require_text("--item", title)
    if not normalise(title):
        raise UserError(f'--item "{title}": has no letters or digits; give a part of the title')
    titles = labels(trained.items)
    found = find_titles(title, titles)
    position = trained.position_of("item", title)
    if not any(found) and position >= 0:
        return [position]
    if not any(found):
        close = close_titles(title, titles)
        raise UserError(f'--item "{title}": no title in {trained.folder} contains it{_hint(close)}')
    n_train = trained.items["n_train"].to_numpy()
    return [item for group in found for item in sorted(group, key=lambda i: (-n_train[i], i))]


def _require_text(option: str, text: str) -> None:
    """Refuse what is too long to be searched, or not in the encoding of the terminal."""
    if len(text) > LONGEST_TEXT:
        raise UserError(
            f"{option}: has {len(text):,} characters; give at most {LONGEST_TEXT:,}, such as a "
            "part of a title"
        )
    if re.search(r"[\ud800-\udfff]", text):
        raise UserError(f"{option} {text}: is not in the encoding of the terminal; write UTF-8")


def close_ids(wanted: str, ids: Iterable[object], n: int = 3) -> list[str]:
    """At most `n` ids that are written like the wanted one; the nearest numbers for a number."""
    known = np.asarray(list(ids))
    if known.dtype.kind in "iu" and wanted.lstrip("-").isdecimal():
        distance = np.abs(known.astype(np.float64) - float(wanted))
        return [str(known[place]) for place in np.argsort(distance, kind="stable")[:n]]
    names = list(map(str, known))
    same = [name for name in names if _without_zeros(name) == _without_zeros(wanted)]
    return list(dict.fromkeys([*same, *difflib.get_close_matches(wanted, names, n)]))[:n]


def _without_zeros(name: str) -> str:
    """An id without case and leading zeros of its numbers: r017 is like R17."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", name.casefold())


def _hint(close: list[str]) -> str:
    return f"; perhaps you mean: {'; '.join(close)}" if close else ""
