"""Words of described items, by the function and the settings of the workflow."""

from dataclasses import dataclass

import pandas as pd
import scipy.sparse as sp

from blendmf.config.protocol import ContentSettings
from blendmf.data.content import content
from blendmf.data.tables import TAGS_COLUMNS
from blendmf.estimators.tables import parts_of


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


def terms_of(vocabulary: pd.DataFrame) -> list[str]:
    """Part and word of each term of a vocabulary, such as ``genres:comedy``."""
    return (vocabulary["part"] + ":" + vocabulary["term"]).tolist()
