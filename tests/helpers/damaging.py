"""Damage as disks, copies and people do it: flipped bits, and files that are cut short."""

from collections.abc import Iterator

import numpy as np

from blendmf.common.random_streams import stream


def damaged(content: bytes, n: int, *names: str | int) -> Iterator[bytes]:
    """`n` different flips of a bit and truncations, in turn; `names` are those of the draws."""
    random = stream(0, "damage", *names)
    places = random.integers(len(content), size=n)
    for number, place in enumerate(places.tolist()):
        if number % 2:
            yield content[:place]
        else:
            changed = bytearray(content)
            changed[place] ^= 1 << int(random.integers(8))
            yield bytes(changed)


def flipped(array: np.ndarray) -> np.ndarray:
    """The array with a bit of its first byte flipped."""
    return np.frombuffer(next(damaged(array.tobytes(), 1)), array.dtype).reshape(array.shape)
