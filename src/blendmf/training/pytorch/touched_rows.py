"""Per-row sums over a batch, and the damping of each row's step."""

from dataclasses import dataclass

import torch
from torch import Tensor

LARGEST_SHRINKAGE = 0.999
"""Upper bound of h in `damping`."""

SMALLEST_STEP = 1e-30
"""Value of n h in `damping` up to which the result is taken as 1, to avoid a division by 0."""


@dataclass(frozen=True)
class TouchedRows:
    """The rows of a table that the n entries of a batch refer to.

    Attributes
    ----------
    rows : Tensor of int64, of shape (m,)
        Table row of each slot, distinct except for the zero row in slots that are not used;
        m <= n and m <= n_rows + 1.
    slots : Tensor of int64, of shape (n,)
        Slot of each entry.
    counts : Tensor of shape (m,)
        Number of ratings with a gradient for the row.
    """

    rows: Tensor
    slots: Tensor
    counts: Tensor

    @classmethod
    def of(cls, entries: Tensor, n_rows: int, ratings: Tensor) -> "TouchedRows":
        """Find the distinct rows.

        Parameters
        ----------
        entries : Tensor of int64, of shape (n,)
            Row of each entry, in 0..n_rows.
        n_rows : int
            Index of the zero row.
        ratings : Tensor of shape (n,)
            Number of ratings that each entry represents.
        """
        if n_rows < len(entries):
            # One slot per row, used or not, avoids sorting.
            rows, slots = torch.arange(n_rows + 1, device=entries.device), entries
        else:
            in_order, positions = torch.sort(entries)
            starts = torch.zeros_like(in_order)
            starts[1:] = in_order[1:] != in_order[:-1]
            slots_in_order = starts.cumsum(0)
            # All entries of a slot write the same row, so the order of the writes is irrelevant.
            rows = torch.full_like(entries, n_rows).scatter_(0, slots_in_order, in_order)
            slots = torch.zeros_like(entries).scatter_(0, positions, slots_in_order)
        return cls(rows, slots, _sums(rows, slots, ratings))

    def sums(self, values: Tensor) -> Tensor:
        """Sum of the entries' values, of shape (n, ...), per slot, of shape (m, ...)."""
        return _sums(self.rows, self.slots, values)


def damping(counts: Tensor, shrinkage: Tensor) -> Tensor:
    """Ratio of the effect of n successive steps to that of n steps from the same point.

    One step that leaves 1 - h of the distance to its optimum leaves (1 - h)^n after n repetitions;
    n such steps from the same point add up to n h of the distance. The ratio is

        w = (1 - (1 - h)^n) / (n h),

    which is 1 for n = 1 and for h -> 0, and about 1 / (n h) where n steps at once would overshoot.
    In the limit of short steps it is the function phi_1(-n h) of exponential integrators
    (M. Hochbruck and A. Ostermann, "Exponential integrators", Acta Numerica 19, 2010, section 2.1).

    Parameters
    ----------
    counts, shrinkage : Tensor of shape (m,)
        n and h of each row, both at least 0; h is clipped to `LARGEST_SHRINKAGE`.
    """
    h = shrinkage.clamp(max=LARGEST_SHRINKAGE)
    at_once = counts * h
    in_turn = -torch.expm1(counts * torch.log1p(-h))
    return torch.where(at_once > SMALLEST_STEP, in_turn / at_once, 1.0)


def _sums(rows: Tensor, slots: Tensor, values: Tensor) -> Tensor:
    return values.new_zeros((len(rows), *values.shape[1:])).index_add_(0, slots, values)
