"""Finding an item by part of its title, as a person would type it."""

import difflib
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import pandas as pd

ARTICLES = (
    "a|an|the|le|la|les|l'|un|une|der|die|das|ein|eine|el|los|las|il|lo|gli|i|den|det|de|het|o|os"
)
MOVED_ARTICLE = re.compile(rf"([^()]+?), ({ARTICLES})(?=\s*(?:[()]|$))", re.IGNORECASE)
YEAR = re.compile(r"\s*\(\d{4}\)\s*$")


def labels(items: pd.DataFrame) -> list[str]:
    """Titles with the year in parentheses, where it is known and the title does not end in one.

    Parameters
    ----------
    items : DataFrame
        Columns ``title`` and ``year``, both nullable.
    """
    return [_label(*row) for row in zip(items["title"], items["year"], strict=True)]


def _label(title: Any, year: Any) -> str:
    text = "(untitled)" if pd.isna(title) else str(title)
    return text if pd.isna(year) or YEAR.search(text) else f"{text} ({int(year)})"


def normalise(text: str) -> str:
    """Fold case, diacritics and punctuation away: words divided by single spaces."""
    decomposed = unicodedata.normalize("NFKD", text)
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", letters.casefold()))


def natural(title: str) -> str:
    """Title with its article in front: "Beautiful Mind, A (2001)" is "A Beautiful Mind (2001)"."""
    return MOVED_ARTICLE.sub(r"\2 \1", title).strip()


def find_titles(query: str, titles: Sequence[str]) -> tuple[list[int], list[int]]:
    """Positions of the titles that a person may mean.

    Parameters
    ----------
    query : str
        Part of a title, in any case, with or without diacritics, punctuation, year, and with its
        article in front or behind.
    titles : sequence of str

    Returns
    -------
    exact, partial : list of int
        Titles that the query names whole (the year may be left out), and other titles that it is
        a part of; no title matches a query without letters and digits.
    """
    wanted = _forms(query) - {""}
    exact, partial = [], []
    for position, title in enumerate(titles):
        forms = _forms(title)
        if wanted & (forms | _forms(YEAR.sub("", title))):
            exact.append(position)
        elif any(part in form for part in wanted for form in forms):
            partial.append(position)
    return exact, partial


def close_titles(query: str, titles: Sequence[str], n: int = 5) -> list[str]:
    """Titles that resemble the query, whole or in as many first words, best first, at most `n`."""
    wanted = normalise(query)
    n_words = len(wanted.split())
    named: dict[str, str] = {}
    for title in titles:
        for form in _forms(YEAR.sub("", title)):
            named.setdefault(form, title)
            named.setdefault(" ".join(form.split()[:n_words]), title)
    close = difflib.get_close_matches(wanted, named, n=2 * n)
    return list(dict.fromkeys(named[form] for form in close))[:n]


def _forms(title: str) -> set[str]:
    """Normalised title, as it is written and with its article in front."""
    return {normalise(title), normalise(natural(title))}
