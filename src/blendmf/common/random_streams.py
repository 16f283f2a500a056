"""Named random streams: every draw comes from the configured seed and a name."""

import hashlib

import numpy as np
from numpy.typing import NDArray


def seed_sequence(seed: int, *keys: str | int) -> np.random.SeedSequence:
    """Seed sequence of the stream that `keys` names.

    Parameters
    ----------
    seed : int
        The experiment's seed, at least 0.
    *keys : str or int
        What the stream is for, from the general to the particular, such as
        ``"fit", "mf", 1``. Streams of different names are independent; a stream does not
        depend on which other streams exist or are used before it.

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
    """Generator of the stream that `keys` names; see `seed_sequence`."""
    return np.random.default_rng(seed_sequence(seed, *keys))


def stream_seed(seed: int, *keys: str | int) -> int:
    """32-bit integer seed of the stream that `keys` names, for libraries that take no generator."""
    return int(seed_sequence(seed, *keys).generate_state(1)[0])


def sample(
    positions: NDArray[np.int64], n: int | None, seed: int, *keys: str | int
) -> NDArray[np.int64]:
    """Draw `n` of some positions without repetition from the stream that `keys` names.

    Returns
    -------
    ndarray of int64, of shape (min(n, len(positions)),)
        Ascending where `positions` is; all of them where `n` is None.
    """
    if n is None or n >= len(positions):
        return positions
    drawn = stream(seed, *keys).choice(len(positions), n, replace=False)
    return positions[np.sort(drawn)]
