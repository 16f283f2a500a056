import json
import zipfile

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from blendmf.common import files
from blendmf.data.tables import read_table, write_table


def write_half(path):
    with files.replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError


def test_a_failed_write_leaves_only_the_old_file(tmp_path):
    path = tmp_path / "facts.json"
    files.write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(path, {"a": float("nan")})
    with pytest.raises(RuntimeError):
        write_half(path)
    assert files.read_json(path) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_numpy_values_become_plain_json(tmp_path):
    path = tmp_path / "facts.json"
    files.write_json(path, {"n": np.int64(3), "x": np.float32(0.5), "v": np.arange(2)})
    assert json.loads(path.read_text()) == {"n": 3, "x": 0.5, "v": [0, 1]}
    with pytest.raises(TypeError, match="set is not a JSON value"):
        files.write_json(path, {"s": {1}})


def test_arrays_are_read_back_without_pickle(tmp_path):
    path = tmp_path / "deep" / "arrays.npz"
    files.write_arrays(path, {"a": np.arange(3, dtype=np.float32), "kind": np.array("x")})
    back = files.read_arrays(path)
    assert back["a"].dtype == np.float32
    assert str(back["kind"]) == "x"
    with pytest.raises(ValueError, match="allow_pickle"):
        files.write_arrays(path, {"o": np.array([object()])})


def test_equal_contents_give_equal_bytes(tmp_path):
    matrix = sp.random_array((30, 20), density=0.2, rng=np.random.default_rng(0), format="csr")
    table = pd.DataFrame({"id": [1, 2], "genres": [["a"], []], "x": [0.1, np.nan]})
    for number in (1, 2):
        files.write_sparse(tmp_path / f"{number}.npz", matrix)
        files.write_arrays(tmp_path / f"{number}.arrays.npz", {"a": matrix.toarray()})
        write_table(tmp_path / f"{number}.parquet", table)
        files.write_csv(tmp_path / f"{number}.csv", table)
    for name in (".npz", ".arrays.npz", ".parquet", ".csv"):
        assert (tmp_path / f"1{name}").read_bytes() == (tmp_path / f"2{name}").read_bytes()
    assert zipfile.is_zipfile(tmp_path / "1.npz")
    np.testing.assert_array_equal(files.read_sparse(tmp_path / "1.npz").toarray(), matrix.toarray())
    assert list(read_table(tmp_path / "1.parquet", ["id"]).columns) == ["id"]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("results/tiny/table.csv", "results/tiny/table.csv"),
        ("experiments/films/results/tiny/table.csv", "results/tiny/table.csv"),
        (".snakemake/storage/fs/results/of/ours/results/a/b.csv", "results/a/b.csv"),
    ],
)
def test_a_results_name_does_not_depend_on_storage_or_prefix(path, place):
    assert files.place_in_results(path) == place
