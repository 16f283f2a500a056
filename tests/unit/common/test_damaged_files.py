"""Readers name a damaged file and the remedy, whatever their parser thinks of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from blendmf.common import files
from blendmf.common.errors import UserError
from blendmf.data.tables import read_blocks, read_column, read_table, write_table
from blendmf.search.trials import Trial, read_lines, write_trials
from damaging import damaged

N_DAMAGES = 60
TABLE = pd.DataFrame({"user_id": [3, 5, 8], "title": ["é", "b", "c"], "rating": [1.0, 2.5, 4.0]})
FACTS = {"counts": {"users": 3, "items": 4}, "name": "films é", "rating_range": [1.0, 5.0]}
MATRIX = sp.csr_array(np.eye(5, dtype=np.float32))
TRIALS = [Trial(number, {"rank": 3 + number}, 0.5, 2, 1, (0.6,)) for number in range(3)]

READERS: dict[str, tuple[Callable[[Path], Any], Callable[[Path], Any]]] = {
    "json": (lambda path: files.write_json(path, FACTS), files.read_json),
    "text": (lambda path: files.write_text(path, "Rés"), files.read_text),
    "csv": (lambda path: files.write_csv(path, TABLE), files.read_csv),
    "arrays": (lambda path: files.write_arrays(path, {"a": np.arange(9)}), files.read_arrays),
    "sparse": (lambda path: files.write_sparse(path, MATRIX), files.read_sparse),
    "table": (lambda path: write_table(path, TABLE), read_table),
    "some users": (
        lambda path: write_table(path, TABLE),
        lambda path: read_table(path, ["user_id", "rating"], of_users=[3, 8]),
    ),
    "column": (lambda path: write_table(path, TABLE), lambda path: read_column(path, "title")),
    "blocks": (
        lambda path: write_table(path, TABLE),
        lambda path: list(read_blocks(path, ["user_id", "rating"])),
    ),
    "lines": (
        lambda path: write_trials(path, TRIALS),
        lambda path: read_lines(path, Trial.from_json, "trial"),
    ),
}


@pytest.mark.parametrize("name", READERS)
def test_a_damaged_file_is_read_or_refused_with_its_path_and_the_remedy(name, tmp_path):
    write, read = READERS[name]
    path, messages = tmp_path / "file.npz", []
    write(path)
    read(path)
    for content in damaged(path.read_bytes(), N_DAMAGES, name):
        path.write_bytes(content)
        try:
            read(path)
        except UserError as error:
            messages.append(str(error))
    assert len(messages) > N_DAMAGES / 20
    assert all(str(path) in message and "run" in message for message in messages)
    assert all("delete" in message for message in messages)


@pytest.mark.parametrize("name", READERS)
def test_an_empty_or_missing_file_is_refused_with_its_path(name, tmp_path):
    _, read = READERS[name]
    with pytest.raises(UserError, match=str(tmp_path / "missing")):
        read(tmp_path / "missing")
    (tmp_path / "empty").touch()
    if name not in ("text", "lines"):
        with pytest.raises(UserError, match=str(tmp_path / "empty")):
            read(tmp_path / "empty")


def test_a_missing_column_is_named(tmp_path):
    write_table(tmp_path / "table.parquet", TABLE)
    with pytest.raises(UserError, match=r"table\.parquet: cannot be read \(KeyError: .*nope"):
        read_column(tmp_path / "table.parquet", "nope")


@pytest.mark.parametrize(
    "changes",
    [
        {"indices": np.array([0, 1, 2, 3, 9])},
        {"indptr": np.array([0, 1, 2, 9, 4, 5])},
        {"shape": np.array([5, 2])},
        {"format": np.array(b"csc")},
    ],
)
def test_a_matrix_with_entries_outside_of_it_is_refused(changes, tmp_path):
    path = tmp_path / "matrix.npz"
    files.write_sparse(path, MATRIX)
    files.write_arrays(path, files.read_arrays(path) | changes)
    with pytest.raises(UserError, match="cannot be read"):
        files.read_sparse(path)


def test_json_nested_too_deeply_is_refused(tmp_path):
    (tmp_path / "facts.json").write_text("[" * 10**5)
    with pytest.raises(UserError, match=r"facts\.json: cannot be read \(RecursionError"):
        files.read_json(tmp_path / "facts.json")


def test_mistakes_and_a_lack_of_memory_keep_their_kind(tmp_path):
    for error in (UserError("said already"), MemoryError("out")):
        with pytest.raises(type(error)), files.reading(tmp_path):
            raise error
    with pytest.raises(UserError, match="x" * 180) as long, files.reading(tmp_path):
        raise ValueError("x" * 10**6)
    assert len(str(long.value)) < 500
