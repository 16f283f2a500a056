"""Every kind of model refuses a file that is not complete, not its own or not sound."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.common.files import read_arrays, write_arrays
from blendmf.models.factor_model import FactorModel
from blendmf.models.item_neighbours import ItemNeighboursModel
from blendmf.models.model import INDEX, load_model, save_model
from blendmf.models.stored import NAMES
from complete_models import COMPLETE
from damaging import damaged


@pytest.fixture(params=COMPLETE)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """File of a complete model."""
    save_model(tmp_path / "model.npz", COMPLETE[request.param], "films")
    return tmp_path / "model.npz"


def refused(path: Path, arrays: dict[str, np.ndarray] | None = None) -> str:
    """The message about a file, whose arrays may be replaced first."""
    if arrays is not None:
        write_arrays(path, arrays)
    with pytest.raises(UserError) as error:
        load_model(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "delete it and run snakemake again" in str(error.value)
    return str(error.value)


def test_every_array_is_needed(path: Path) -> None:
    arrays = read_arrays(path)
    for name in arrays.keys() - {INDEX, "kind"}:
        left = {key: array for key, array in arrays.items() if key != name}
        assert f"it has no array {name}" in refused(path, left)


def test_arrays_of_another_shape_are_refused(path: Path) -> None:
    arrays = read_arrays(path)
    for name, array in arrays.items():
        if name in (INDEX, "kind", NAMES, "counts"):  # nothing but counts tells their number
            continue
        repeated = array[None] if array.ndim == 0 else np.concatenate([array, array[:1]])
        message = refused(path, arrays | {name: repeated})
        assert "shape" in message or "fit" in message or "indices" in message, name


def test_arrays_of_another_type_are_refused(path: Path) -> None:
    arrays = read_arrays(path)
    for name, array in arrays.items():
        if name in (INDEX, "kind", NAMES):
            continue
        assert f"{name} is " in refused(path, arrays | {name: array.astype("complex64")})
        assert f"{name} is " in refused(path, arrays | {name: array.astype("U9")})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(path: Path, value: float) -> None:
    arrays = read_arrays(path)
    for name, array in arrays.items():
        if array.dtype.kind == "f":
            changed = array.copy()
            changed.ravel()[-1] = value
            if name == "user_prior.noise_freedom" and value == np.inf:
                continue  # all users have the same noise
            refused(path, arrays | {name: changed})


def test_indices_outside_of_a_matrix_are_refused(path: Path) -> None:
    arrays = read_arrays(path)
    for name, array in arrays.items():
        if name.endswith((".indices", ".indptr")):
            for value in (-1, 10**6):
                changed = array.copy()
                changed[len(array) // 2] = value
                refused(path, arrays | {name: changed})


def test_an_unknown_array_of_the_model_is_refused_and_one_of_others_is_not(path: Path) -> None:
    arrays = read_arrays(path)
    load_model(write(path, arrays | {"note": np.arange(3)}))
    listed = np.append(arrays[NAMES], "note")
    assert "unknown arrays: note" in refused(path, arrays | {"note": np.ones(3), NAMES: listed})


def write(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    write_arrays(path, arrays)
    return path


def test_a_model_of_another_index_is_refused(path: Path) -> None:
    load_model(path, "films")
    for other in ("books", ""):
        with pytest.raises(UserError, match="a model of other users and items"):
            load_model(path, other)
    arrays = read_arrays(path)
    del arrays[INDEX]
    with pytest.raises(UserError, match="a model of other users and items"):
        load_model(write(path, arrays), "films")
    load_model(path)


def test_a_damaged_file_is_refused_or_has_all_its_arrays(path: Path) -> None:
    content, arrays = path.read_bytes(), read_arrays(path)
    n_refused = 0
    for bad in damaged(content, 120, "model"):
        path.write_bytes(bad)
        try:
            load_model(path, "films")
        except UserError:
            n_refused += 1
            continue
        found = read_arrays(path)
        assert found.keys() == arrays.keys()
        assert all(np.array_equal(found[name], array) for name, array in arrays.items())
    assert n_refused > 90


def rewritten(path: Path, header: bytes, compression: int = zipfile.ZIP_STORED) -> None:
    """Replace the first array but ``kind`` by a header and few data."""
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    name = next(name for name in members if name.startswith(("shape", "n_users")))
    magic = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
    members[name] = magic + header + bytes(64)
    with zipfile.ZipFile(path, "w", compression) as file:
        for member, content in members.items():
            file.writestr(member, content)


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (2000000000,), }\n",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (-8,), }\n",
        b"{'descr': '|O', 'fortran_order': False, 'shape': (8,), }\n",
        b"{'descr': '<f8', 'shape': (8,), }\n",
        b"(" * 60,
    ],
)
def test_headers_that_claim_what_is_not_there_are_refused(path: Path, header: bytes) -> None:
    rewritten(path, header)
    assert "cannot be read" in refused(path)


def test_compressed_arrays_are_refused(path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (8,), }\n"
    rewritten(path, header, zipfile.ZIP_DEFLATED)
    assert "is compressed" in refused(path)


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.npz").write_bytes(content)
    refused(tmp_path / "model.npz")


def test_a_range_of_ratings_that_is_none_is_refused(path: Path) -> None:
    arrays = read_arrays(path)
    if "rating_range" in arrays:
        changed = arrays["rating_range"][::-1]
        assert "rating_range is 5.0 to 0.5" in refused(path, arrays | {"rating_range": changed})


def test_whole_numbers_are_written_as_floating_point_ones(tmp_path: Path) -> None:
    ones = np.ones(2, dtype=np.float32)
    matrix = sp.csr_array(np.eye(2, dtype=np.float32))
    model = ItemNeighboursModel(FactorModel(2, 2, (1, 5), 3, ones, ones), matrix, matrix, 10)
    model.save(tmp_path / "model.npz")
    assert load_model(tmp_path / "model.npz").shrinkage == 10.0
