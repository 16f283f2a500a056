"""Named random streams: every random draw comes from the configured seed and a name."""

import hashlib

import numpy as np
from numpy.typing import NDArray


def seed_sequence(seed: int, *keys: str | int) -> np.random.SeedSequence:
    """Seed sequence of a named stream.

    Parameters
    ----------
    seed : int
        The experiment's seed, at least 0.
    *keys : str or int
        Name of the stream, from the general to the particular, such as ``"fit", "mf", 1``.
        Streams with different names are independent, and no stream depends on which others exist
        or were used before.

    Returns
    -------
    numpy.random.SeedSequence
    """
    words = [
        int.from_bytes(hashlib.blake2b(f"{type(k).__name__}:{k}".encode(), digest_size=4).digest())
        for k in keys
    ]
    return np.random.SeedSequence(seed, spawn_key=tuple(words))


def stream(seed: int, *keys: str | int) -> np.random.Generator:
    """Generator of a named stream; see `seed_sequence`."""
    return np.random.default_rng(seed_sequence(seed, *keys))


def stream_seed(seed: int, *keys: str | int) -> int:
    """32-bit integer seed of a named stream, for libraries that do not accept a generator."""
    return int(seed_sequence(seed, *keys).generate_state(1)[0])


def sample(
    positions: NDArray[np.int64], n: int | None, seed: int, *keys: str | int
) -> NDArray[np.int64]:
    """Draw `n` of some positions without replacement from a named stream.

    Returns
    -------
    ndarray of int64, of shape (min(n, len(positions)),)
        In the order of `positions`; all of them if `n` is None.
    """
    if n is None or n >= len(positions):
        return positions
    drawn = stream(seed, *keys).choice(len(positions), n, replace=False)
    return positions[np.sort(drawn)]
