"""The epochs at which a successive halving judges trials."""

import math

FIRST_RUNG = 2
"""Fewest epochs that a trial is judged by."""


def rungs(epochs: int | None, reduction_factor: int | None) -> tuple[int, ...]:
    """Epochs at which trials are judged, in ascending order.

    Parameters
    ----------
    epochs : int, optional
        Most epochs of a trial; None for a kind that is not trained by epochs.
    reduction_factor : int, optional
        One of so many trials goes on from each rung, and each rung has so many times the epochs
        of the one below; None lets every trial go on.

    Returns
    -------
    tuple of int
        ``epochs`` divided by the factor again and again, rounded up, down to `FIRST_RUNG`.
    """
    if epochs is None or reduction_factor is None:
        return ()
    found = []
    rung = math.ceil(epochs / reduction_factor)
    while FIRST_RUNG <= rung < epochs and rung not in found:
        found.append(rung)
        rung = math.ceil(rung / reduction_factor)
    return tuple(reversed(found))
