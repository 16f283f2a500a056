"""Ids of users and items: of one type in all tables, and what is doubtful about their spelling."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.ingest.raw_tables import ROWS_SHOWN, Finding, RawTable, RawTables

IDS = ("user_id", "item_id")
BLANKS = " \t"
"""Characters around an id that do not belong to it."""

INTEGER = r"(?:0|-?[1-9][0-9]{0,17})(?:\.0+)?"
DECIMALS = r"\.0+$"
ROUNDED = r"\s*[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+\s*"
ORDINARY = re.compile(r"[!-~]*")
"""Texts of visible ASCII characters, whose spelling is never in doubt."""

Bools = NDArray[np.bool_]


def unify_ids(*columns: pd.Series) -> list[pd.Series]:
    """Give ids of the same kind in several tables the same type.

    Each column is int64 or a categorical of strings. All become int64 if every id is an integer
    without leading zeros, perhaps written with decimals such as "12.0"; otherwise str without
    surrounding blanks, so that "007" and "7" remain distinct.
    """
    texts = [_stripped(c.cat.categories) for c in columns if c.dtype == "category"]
    integers = all(text.str.fullmatch(INTEGER).all() for text in texts)
    return [_as_ids(column, integers) for column in columns]


def _stripped(names: pd.Index) -> pd.Index:
    return names.astype("str").str.strip(BLANKS)


def _as_ids(column: pd.Series, integers: bool) -> pd.Series:
    if column.dtype != "category":
        return column.astype(np.int64 if integers else "str")
    text = _stripped(column.cat.categories)
    if integers:
        text = text.str.replace(DECIMALS, "", regex=True)
    # The same letters may be written as one character or with combining accents.
    values = text.astype(np.int64) if integers else text.str.normalize("NFC")
    return pd.Series(values.take(column.cat.codes.to_numpy()), index=column.index)


def with_unified_ids(read: RawTables) -> tuple[dict[str, RawTable], list[Finding]]:
    """Give every id column the same type in all tables, int64 or str."""
    findings, tables = [], read.by_name
    for column in IDS:
        holders = [name for name, table in tables.items() if column in table.rows]
        given = {name: tables[name].rows[column] for name in holders}
        unified = dict(zip(holders, unify_ids(*given.values()), strict=True))
        findings += _spelled_alike(column, {name: tables[name] for name in holders}, unified)
        for name, ids in unified.items():
            file, before = tables[name].file, given[name]
            if ids.dtype == np.int64 and (count := with_decimals(before)):
                what = f"{column}s written with decimals, as in 12.0: read as whole numbers"
                findings.append(Finding(file, count, what))
            if count := lost_digits(before):
                what = (
                    f"{column}s rounded by a spreadsheet, as in 7.65612E+16: different ones may "
                    "have become equal"
                )
                findings.append(Finding(file, count, what, doubtful=True))
            rows = tables[name].rows.assign(**{column: ids})
            tables[name] = replace(tables[name], rows=rows)
    return tables, findings


def with_decimals(ids: pd.Series) -> int:
    """Number of rows whose id, a categorical of strings, is written with decimals, as in "12.0"."""
    return int(_rows_where(ids, np.array(["." in name for name in _names(ids)], dtype=bool)).sum())


def lost_digits(ids: pd.Series) -> int:
    """Number of rows whose id, a categorical of strings, is rounded, as in "7.65612E+16"."""
    is_rounded = pd.Series(_names(ids), dtype="str").str.fullmatch(ROUNDED)
    return int(_rows_where(ids, is_rounded.to_numpy(dtype=bool)).sum())


def _names(ids: pd.Series) -> Sequence[str]:
    """Distinct ids as they are written; none of integers."""
    return list(ids.cat.categories) if ids.dtype == "category" else []


def _rows_where(ids: pd.Series, is_so: Bools) -> Bools:
    """Rows whose name is marked in `is_so`, one mark for each of `_names`."""
    if not is_so.any():
        return np.zeros(len(ids), dtype=bool)
    return np.asarray(is_so[ids.cat.codes], dtype=bool)


def plain(name: str) -> str:
    """An id as people see it.

    That is without invisible characters, with single spaces for blanks of all kinds, and with the
    usual form of letters and digits; two ids that are equal so look alike.
    """
    letters = unicodedata.normalize("NFKC", name)
    kinds = [(c, unicodedata.category(c)) for c in letters]
    seen = "".join(
        str(unicodedata.decimal(c)) if kind == "Nd" else " " if kind[0] in "ZC" else c
        for c, kind in kinds
        if kind != "Cf" and not "\ufe00" <= c <= "\ufe0f"
    )
    return " ".join(seen.split())


def _spelled_alike(
    column: str, tables: Mapping[str, RawTable], unified: Mapping[str, pd.Series]
) -> list[Finding]:
    """Count ids that are written in several ways, and those that only look like others."""
    if any(ids.dtype == np.int64 for ids in unified.values()):
        return []
    written = {name: _names(table.rows[column]) for name, table in tables.items()}
    every = pd.Series(list(dict.fromkeys(n for names in written.values() for n in names)))
    is_odd = np.array([not ORDINARY.fullmatch(name) for name in every], dtype=bool)
    if not is_odd.any():
        return []
    odd = every[is_odd]
    read = every.mask(
        is_odd, odd.map(lambda name: unicodedata.normalize("NFC", name.strip(BLANKS)))
    )
    seen = every.mask(is_odd, odd.map(plain))
    several = read.duplicated(keep=False) & (every != read)
    distinct = pd.DataFrame({"read": read, "seen": seen}).drop_duplicates()
    ambiguous = set(distinct["seen"][distinct["seen"].duplicated(keep=False)])
    alike = seen.isin(ambiguous) & (read != seen)
    findings = []
    for name, table in tables.items():
        ids = table.rows[column]
        for names, what, doubtful in (
            (
                set(every[several]),
                "written with blanks around them or with letters composed in another way than "
                "elsewhere: read as the same",
                False,
            ),
            (
                set(every[alike]),
                "that look like others and differ in invisible characters, kinds of blanks, or the "
                "form of letters or digits: read as different",
                True,
            ),
        ):
            rows = _rows_where(ids, np.array([n in names for n in written[name]], dtype=bool))
            if rows.any():
                first = table.where([int(row) for row in np.flatnonzero(rows)[:ROWS_SHOWN]])
                what = f"{column}s {what}, first in {', '.join(first)}"
                findings.append(Finding(table.file, int(rows.sum()), what, doubtful=doubtful))
    return findings
