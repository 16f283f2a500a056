"""A cache of machine code costs time only, whatever happens to its files."""

import os
from itertools import count

import numpy as np
import pytest

from blendmf.training.kernels.compiled import compiled
from blendmf.training.kernels.kernel_cache import cache_folder
from kernels import next_of

NUMBERS = count()


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """A kernel that is in the cache, in a folder of its own."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    kernel = compiled(next_of, "cache", next(NUMBERS))
    kernel(np.zeros(1, dtype=np.int64))
    return kernel


def loaded(kernel):
    """What the cache has of the kernel."""
    return kernel._cache.load_overload(kernel.signatures[0], kernel.targetctx)


def path_of(kernel):
    (path,) = cache_folder().glob(f"{kernel.__name__}-*.kernel")
    return path


def test_a_cached_kernel_is_loaded(kernel):
    assert loaded(kernel).signature.args == kernel.signatures[0]


def test_no_damaged_file_is_believed(kernel):
    path, random = path_of(kernel), np.random.default_rng(0)
    whole = path.read_bytes()
    for place in random.integers(len(whole), size=300):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << random.integers(8)
        path.write_bytes(damaged)
        assert loaded(kernel) is None
    for length in (0, 10, 32, 100, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert loaded(kernel) is None


def test_a_damaged_file_is_replaced(kernel):
    path = path_of(kernel)
    path.write_bytes(b"damaged")
    kernel._cache.save_overload(kernel.signatures[0], next(iter(kernel.overloads.values())))
    assert loaded(kernel) is not None


def test_a_missing_folder_that_cannot_be_made_costs_time_only(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(blocked))
    kernel = compiled(next_of, "cache", next(NUMBERS))
    assert kernel(np.zeros(1, dtype=np.int64)) == 0
    assert loaded(kernel) is None


def test_flushing_deletes_the_files_of_the_kernel_alone(kernel):
    other = compiled(next_of, "cache", next(NUMBERS))
    other(np.zeros(1, dtype=np.int64))
    kernel._cache.flush()
    assert loaded(kernel) is None
    assert loaded(other) is not None


def test_without_a_configured_folder_it_is_in_the_package_or_in_the_user_s_cache(
    tmp_path, monkeypatch
):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    assert cache_folder().name == "__pycache__"
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "blendmf"
