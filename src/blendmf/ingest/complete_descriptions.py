"""Descriptions of items and users, checked against the ratings: one row for each.

What cannot be repaired is refused with an error that names the lines; all else is counted.
"""

from collections.abc import Callable

import pandas as pd

from blendmf.common.errors import UserError
from blendmf.data.tables import ITEMS_COLUMNS
from blendmf.ingest.ids import DECIMALS
from blendmf.ingest.raw_tables import GENRES_TYPE, Finding, RawTable
from blendmf.ingest.validation import Checked

EXAMPLES = 3
"""Number of ids of each table that a note shows."""


def complete_items(items: RawTable | None, ratings: pd.DataFrame) -> Checked:
    """Descriptions with one row per item: the source's in its order, then added ones.

    An item that is rated but not described gets a row without year and genres; an item without a
    title gets its id as the title. Of identical descriptions of an item one is kept.

    Raises
    ------
    UserError
        If two descriptions of an item differ, or if no rated item is described.
    """
    ids = ratings["item_id"]
    rated = pd.Series(ids.unique(), dtype=ids.dtype)
    if items is None:
        described, findings, file = _minimal(ids.iloc[:0]), [], "no file of items"
    else:
        described, dropped = described_once(items, "item")
        file = items.file
        untitled = int(described["title"].isna().sum())
        never_rated = int((~described["item_id"].isin(rated)).sum())
        findings = [
            dropped,
            Finding(file, untitled, "items described without a title: it is the id"),
            Finding(file, never_rated, "items described but not rated: kept"),
        ]
    added, difference = rated, ""
    if items is not None:
        added, difference = not_described(file, rated, described["item_id"], "item", "rated")
    what = f"items rated but not described: title is the id, no genres{difference}"
    findings.append(Finding(file, len(added), what))
    titled = described.assign(title=described["title"].fillna(described["item_id"].astype("str")))
    table = pd.concat([titled, _minimal(added)], ignore_index=True)[ITEMS_COLUMNS]
    return table, [finding for finding in findings if finding.count]


def complete_users(users: RawTable | None, ratings: pd.DataFrame) -> Checked:
    """Descriptions with one row per described user; without a source, an empty table.

    Of identical descriptions of a user one is kept. Users who are rated but not described, and the
    reverse, are counted.

    Raises
    ------
    UserError
        If two descriptions of a user differ, or if no user with ratings is described.
    """
    ids = ratings["user_id"]
    if users is None:
        return pd.DataFrame({"user_id": ids.iloc[:0]}), []
    described, dropped = described_once(users, "user")
    rating = pd.Series(ids.unique(), dtype=ids.dtype)
    without, what = not_described(users.file, rating, described["user_id"], "user", "with ratings")
    never_rating = int((~described["user_id"].isin(rating)).sum())
    findings = [
        dropped,
        Finding(users.file, never_rating, "users described but without ratings: kept"),
        Finding(users.file, len(without), f"users with ratings but not described{what}"),
    ]
    return described, [finding for finding in findings if finding.count]


def not_described(
    file: str, rated: pd.Series, described: pd.Series, of: str, which: str
) -> tuple[pd.Series, str]:
    """Ids in the ratings without a description, and how they differ from the other described ones.

    Parameters
    ----------
    file : str
        Name of the file of descriptions.
    rated, described : Series
        Ids in the ratings, and in the descriptions; each once.
    of, which : str
        What they are, ``user`` or ``item``, and the word for those in the ratings.

    Raises
    ------
    UserError
        If no id in the ratings is described.
    """
    added = rated[~rated.isin(described)]
    if added.empty:
        return added, ""
    others = described[~described.isin(rated)]
    difference = (
        f"{_examples(which, added)}; {_examples('described', others)}{_likeness(added, others)}"
    )
    if len(added) == len(rated):
        named = f"rated {of}s" if which == "rated" else f"{of}s {which}"
        raise UserError(
            f"{file}: none of the {len(rated)} {named} is described, {difference}. Write the ids "
            "alike, or leave the file out."
        )
    return added, f" ({difference})"


def _examples(name: str, ids: pd.Series) -> str:
    shown = ", ".join(repr(str(value)) for value in ids[:EXAMPLES])
    return f"{name} only: {shown or 'none'}"


def _likeness(rated: pd.Series, described: pd.Series) -> str:
    """What the ids that do not match differ in, if they match without it."""
    changes: dict[str, Callable[[pd.Series], pd.Series]] = {
        "case": lambda ids: ids.str.casefold(),
        "leading zeros": lambda ids: ids.str.lstrip("0"),
        "decimals": lambda ids: ids.str.replace(DECIMALS, "", regex=True),
        "blanks": lambda ids: ids.str.replace(r"\s", "", regex=True),
    }
    texts = [ids.astype("str") for ids in (rated, described)]
    for name, change in changes.items():
        left, right = (change(text) for text in texts)
        if left.isin(right).mean() > 1 / 2:
            return f"; they differ in {name}"
    return ""


def _minimal(ids: pd.Series) -> pd.DataFrame:
    """Descriptions that consist of the id only."""
    return pd.DataFrame(
        {
            "item_id": ids,
            "title": ids.astype("str"),
            "year": pd.Series(pd.NA, index=ids.index, dtype="Int64"),
            "genres": pd.Series([[]] * len(ids), index=ids.index, dtype=GENRES_TYPE),
        }
    )


def described_once(table: RawTable, of: str) -> tuple[pd.DataFrame, Finding]:
    """Descriptions without repeated ones; different ones of the same item or user are refused."""
    rows, key = table.rows, f"{of}_id"
    repeated = rows[rows[key].duplicated(keep=False)]
    if "genres" in repeated:
        # Lists are not hashable.
        genres = pd.Series(map(tuple, repeated["genres"]), index=repeated.index, dtype=object)
        repeated = repeated.assign(genres=genres)
    same = repeated.duplicated()
    differs = repeated[key].duplicated() & ~same
    table.require(
        ~differs.reindex(rows.index, fill_value=False).to_numpy(),
        f"row(s) that describe {'an' if of == 'item' else 'a'} {of} again and differently",
        f"Keep one description of each {of}.",
    )
    kept = rows.drop(index=same[same].index).reset_index(drop=True)
    what = "descriptions identical to an earlier one"
    return kept, Finding(table.file, int(same.sum()), what, dropped=True)
