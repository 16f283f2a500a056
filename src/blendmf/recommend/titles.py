"""Search for an item by part of its title."""

import difflib
import re
import unicodedata
from collections.abc import Sequence
from functools import cache

import pandas as pd

ARTICLES = {
    *("a", "an", "the", "le", "la", "les", "l'", "un", "une", "der", "die", "das", "ein", "eine"),
    *("el", "los", "las", "il", "lo", "gli", "i", "den", "det", "de", "het", "o", "os"),
}
YEAR = re.compile(r"\s*\(\d{4}\)\s*$")


def labels(items: pd.DataFrame) -> list[str]:
    """Titles with a known year in parentheses, unless the title already ends in one.

    Parameters
    ----------
    items : DataFrame
        Columns ``title`` and ``year``, both nullable.
    """
    titles = items["title"].fillna("(untitled)").astype(str)
    return [
        title if pd.isna(year) or YEAR.search(title) else f"{title} ({int(year)})"
        for title, year in zip(titles, items["year"], strict=True)
    ]


def normalise(text: str) -> str:
    """Words without case, diacritics and punctuation, separated by single spaces."""
    decomposed = unicodedata.normalize("NFKD", text)
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", letters.casefold()))


def natural(title: str) -> str:
    """Title with its article in front: "Beautiful Mind, A (2001)" is "A Beautiful Mind (2001)"."""
    return "".join(map(_article_first, re.split(r"([()])", title))).strip()


def _article_first(part: str) -> str:
    """A part of a title between parentheses, with the article at its end in front."""
    name, _, article = part.rpartition(", ")
    if name and article.strip().casefold() in ARTICLES:
        return f"{article.strip()} {name}{article[len(article.rstrip()) :]}"
    return part


def find_titles(query: str, titles: Sequence[str]) -> tuple[list[int], list[int]]:
    """Positions of the titles that match a query.

    Parameters
    ----------
    query : str
        Part of a title. Case, diacritics, punctuation and the article's position do not matter.
    titles : sequence of str

    Returns
    -------
    exact, partial : list of int
        Titles that equal the query, with or without the year, and other titles that contain it.
        A query without letters and digits matches nothing.
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
    """At most `n` titles similar to the query, compared whole and by first words, best first."""
    wanted = normalise(query)
    n_words = len(wanted.split())
    named: dict[str, str] = {}
    for title in titles:
        for form in _forms(YEAR.sub("", title)):
            named.setdefault(form, title)
            named.setdefault(" ".join(form.split()[:n_words]), title)
    close = difflib.get_close_matches(wanted, named, n=2 * n)
    return list(dict.fromkeys(named[form] for form in close))[:n]


@cache
def _forms(title: str) -> set[str]:
    """Normalised title, as written and with its article in front."""
    return {normalise(title), normalise(natural(title))}
