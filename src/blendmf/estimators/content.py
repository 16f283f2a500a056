"""Words of described items, as the workflow has them, and features of described users."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import scipy.sparse as sp

from blendmf.config.protocol import ContentSettings, Part
from blendmf.data.content import WORD, content
from blendmf.data.tables import TAGS_COLUMNS
from blendmf.data.user_features import features_of
from blendmf.estimators.tables import user_table


@dataclass(frozen=True, eq=False)
class Words:
    """Words of the items.

    Attributes
    ----------
    tfidf : csr_array of float32, of shape (n_items, n_terms)
    terms : list of str
        Part and word of each column, such as ``genres:comedy``; words of ``text`` are ``tags``.
    """

    tfidf: sp.csr_array
    terms: list[str]


def words_of(items: pd.DataFrame) -> Words | None:
    """TF-IDF matrix of described items; None if no item has words.

    Parameters
    ----------
    items : DataFrame
        As of `item_table`.
    """
    parts = parts_of(items)
    if not parts:
        return None
    written = items[items["text"].notna()]
    texts = pd.DataFrame({"item_id": written["item_id"], "tag": written["text"]})
    settings = ContentSettings().model_dump() | {"parts": parts, "tags": "all"}
    nobody = pd.DataFrame(columns=["user_id", "item_id", "timestamp"])
    built = content(items, texts.reindex(columns=TAGS_COLUMNS), nobody, **settings, seed=0)
    if not built.tfidf.nnz:
        return None
    return Words(built.tfidf, terms_of(built.vocabulary))


def parts_of(items: pd.DataFrame) -> list[Part]:
    """Parts of the items' content that are there, in the order of the default experiment."""
    there = {
        "genres": bool(items["genres"].str.len().gt(0).any()),
        "tags": bool(items["text"].notna().any()),
        "year": bool(items["year"].notna().any()),
        "decade": bool(items["year"].notna().any()),
    }
    return [part for part in ContentSettings().parts if there.get(part)]


def terms_of(vocabulary: pd.DataFrame) -> list[str]:
    """Part and word of each term of a vocabulary, such as ``genres:comedy``."""
    return (vocabulary["part"] + ":" + vocabulary["term"]).tolist()


def features_of_users(users: Any, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Features of described users: those of `features_of`, or one for each word of a text.

    Parameters
    ----------
    users : DataFrame, Arrow table, mapping or Series
        A column ``user`` and any others; or the text of each user by id.
    columns : mapping, optional
        Another name of the column ``user``.

    Returns
    -------
    DataFrame
        Columns user_id and feature, one row for each feature of each user.

    Raises
    ------
    UserError
        If a user is described twice, or there is no column of users.
    """
    if isinstance(users, (Mapping, pd.Series)):
        texts = pd.Series(users)
        words = [WORD.findall(str(text).lower()) for text in texts]
        found = pd.Series(words, index=texts.index).explode()
        return pd.DataFrame({"user_id": found.index, "feature": found.to_numpy()}).dropna()
    return features_of(user_table(users, columns))
