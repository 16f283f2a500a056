"""Text of the items as a sparse TF-IDF matrix with one row per item."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer, TfidfTransformer
from sklearn.preprocessing import normalize

from blendmf.common.random_streams import stream
from blendmf.data.splits import tags_known_in_training

WORD = re.compile(r"[^\W_]{2,}")


class Content(NamedTuple):
    """The content matrix and its vocabulary.

    Attributes
    ----------
    tfidf : csr_array of float32, of shape (n_items, n_terms)
        Row i is the text of item i (of another item in a placebo), with Euclidean length 1, or 0
        without terms.
    vocabulary : DataFrame
        Columns term, part, document_frequency, idf; row number is the column of `tfidf`.
    facts : dict
        Contents of `content.json`.
    """

    tfidf: sp.csr_array
    vocabulary: pd.DataFrame
    facts: dict[str, Any]


def content(
    items: pd.DataFrame,
    tag_table: pd.DataFrame,
    train: pd.DataFrame,
    *,
    parts: Sequence[str],
    tags: str,
    max_terms: int,
    min_items: int,
    idf: str,
    dealt: int | None,
    seed: int,
) -> Content:
    """TF-IDF matrix of the items' text.

    A term is a part and a word, such as ``genres:comedy`` or ``tags:funny``, so that a tag and a
    genre with the same name differ. Genres, years and decades are one term each; tags and titles
    are split into lower-case words without English stop words. A tag counts as often as it was
    written.

    Parameters
    ----------
    items : DataFrame
        Columns item_id, title, year, genres; the rows of the matrix.
    tag_table : DataFrame
        Columns user_id, item_id, tag, timestamp.
    train : DataFrame
        Training ratings of the tags' authors; used if `tags` is not ``all``.
    parts, tags, max_terms, min_items, idf, dealt
        As in `blendmf.config.protocol.ContentSettings`.
    seed : int
        The experiment's seed; with `dealt` it determines a placebo.
    """
    known_tags = tag_table if tags == "all" else tags_known_in_training(tag_table, train)
    tag_text = known_tags.groupby("item_id")["tag"].agg(" ".join).to_dict()
    described = items.assign(tags=[tag_text.get(item, "") for item in items["item_id"]])
    documents = [
        [f"{part}:{word}" for part in parts for word in TERMS_OF[part](row)]
        for row in described.to_dict("records")
    ]
    counts, terms = _count(documents, max_terms, min_items)
    frequency = np.bincount(counts.indices, minlength=len(terms))
    idf_values = _idf(counts, frequency, idf)
    weighted = counts @ sp.diags_array(idf_values)
    tfidf = (normalize(weighted) if terms else weighted).astype(np.float32)
    vocabulary = pd.DataFrame(
        {
            # Explicit dtype, because pandas infers another one without terms.
            "term": pd.Series([term.partition(":")[2] for term in terms], dtype="str"),
            "part": pd.Series([term.partition(":")[0] for term in terms], dtype="str"),
            "document_frequency": frequency,
            "idf": idf_values,
        }
    )
    if dealt is not None:
        tfidf = dealt_rows(tfidf, stream(seed, "placebo", dealt))
    without = np.diff(tfidf.indptr) == 0
    facts = {
        "parts": parts,
        "idf": idf,
        "items": len(items),
        "terms": len(terms),
        "terms_by_part": vocabulary["part"].value_counts().sort_index().to_dict(),
        "nonzeros": int(tfidf.nnz),
        "items_without_terms": int(without.sum()),
        "dealt": dealt,
        "tags": tags,
        "tags_used": len(known_tags) if "tags" in parts else 0,
        "tags_left_out": len(tag_table) - (len(known_tags) if "tags" in parts else 0),
    }
    return Content(sp.csr_array(tfidf), vocabulary, facts)


def dealt_rows(tfidf: sp.csr_array, random: np.random.Generator) -> sp.csr_array:
    """A placebo: the content matrix with permuted rows, so that no item keeps its own row.

    The permutation is one random cycle (Sattolo). The matrix has the same rows and the same word
    frequencies; only the assignment of words to items is lost.

    Parameters
    ----------
    tfidf : csr_array of shape (n_items, n_terms)
    random : Generator

    References
    ----------
    S. Sattolo, "An algorithm to generate a random cyclic permutation", Information Processing
    Letters 22(6), 1986.
    """
    circle = random.permutation(tfidf.shape[0])
    giver = np.empty_like(circle)
    giver[circle] = np.roll(circle, -1)
    return sp.csr_array(tfidf[giver])


def _words(text: Any) -> list[str]:
    found = WORD.findall(str(text).lower()) if isinstance(text, str) else []
    return [word for word in found if word not in ENGLISH_STOP_WORDS]


def _year(row: Mapping[Any, Any]) -> list[str]:
    return [] if pd.isna(row["year"]) else [str(int(row["year"]))]


def _decade(row: Mapping[Any, Any]) -> list[str]:
    return [f"{year[:-1]}0s" for year in _year(row)]


TERMS_OF: dict[str, Callable[[Mapping[Any, Any]], list[str]]] = {
    "genres": lambda row: [genre.lower() for genre in row["genres"]],
    "tags": lambda row: _words(row["tags"]),
    "year": _year,
    "decade": _decade,
    "title": lambda row: _words(row["title"]),
}


def _count(
    documents: list[list[str]], max_terms: int, min_items: int
) -> tuple[sp.csr_array, list[str]]:
    """Counts of the most frequent terms, of shape (n_items, n_terms), and the terms."""
    n_items = Counter(chain.from_iterable(map(set, documents)))
    if max(n_items.values(), default=0) < min_items:
        return sp.csr_array((len(documents), 0), dtype=np.float64), []
    vectorizer = CountVectorizer(
        analyzer=_as_it_is,
        max_features=max_terms,
        min_df=min_items,
        dtype=np.float64,
    )
    counts = vectorizer.fit_transform(documents)
    return sp.csr_array(counts), list(vectorizer.get_feature_names_out())


def _as_it_is(document: list[str]) -> list[str]:
    return document


def _idf(counts: sp.csr_array, frequency: np.ndarray, form: str) -> np.ndarray:
    """Inverse document frequency of each term, in the configured form."""
    if form == "textbook":
        return np.maximum(np.log(counts.shape[0] / (1 + frequency)), 0.0)
    if not counts.shape[1]:
        return np.zeros(0)
    return np.asarray(TfidfTransformer(smooth_idf=True).fit(counts).idf_)
