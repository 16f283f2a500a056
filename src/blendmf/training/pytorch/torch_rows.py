"""The rows of a table that a batch touches, and sums over the batch for each of them.

All shapes are known beforehand, so that nothing waits for the device: slots that are not used
point to a row after the table's last, which is always zero.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

LARGEST_SHRINKAGE = 0.999

SMALLEST_STEP = 1e-30
"""Steps that add up to less of the way than this are not divided by."""


@dataclass(frozen=True)
class Touched:
    """Rows of a table of n_rows + 1 rows that the n entries of a batch touch.

    Attributes
    ----------
    rows : Tensor of int64, of shape (m,)
        The table's row of each slot, none twice except n_rows for slots that are not used; m is
        at most n and at most n_rows + 1.
    slots : Tensor of int64, of shape (n,)
        The slot of each entry's row.
    """

    rows: Tensor
    slots: Tensor

    @classmethod
    def of(cls, entries: Tensor, n_rows: int) -> "Touched":
        """Find the distinct rows among `entries`, of shape (n,), each in 0..n_rows.

        Where there are more entries than rows, every row has a slot, touched or not, and there is
        nothing to sort.
        """
        if n_rows < len(entries):
            return cls(torch.arange(n_rows + 1, device=entries.device), entries)
        in_order, places = torch.sort(entries)
        starts = torch.zeros_like(in_order)
        starts[1:] = in_order[1:] != in_order[:-1]
        slots_in_order = starts.cumsum(0)
        # All entries of a slot write the same row, so that it does not matter which is last.
        rows = torch.full_like(entries, n_rows).scatter_(0, slots_in_order, in_order)
        return cls(rows, torch.zeros_like(entries).scatter_(0, places, slots_in_order))

    def sums(self, values: Tensor) -> Tensor:
        """Sum of the entries' values, of shape (n, ...), for each slot, of shape (m, ...)."""
        totals = values.new_zeros((len(self.rows), *values.shape[1:]))
        return totals.index_add_(0, self.slots, values)


def damping(counts: Tensor, shrinkage: Tensor) -> Tensor:
    """How far n steps one after the other lead, as a part of n steps from the same place.

    A step that leaves 1 - h of the way to where it leads, taken n times, leaves (1 - h)^n of it;
    n such steps from the same place add up to n h of it. Their ratio is

        w = (1 - (1 - h)^n) / (n h),

    1 for n = 1 and for h -> 0, and 1 / (n h) where n steps at once would overshoot. In the limit
    of short steps it is the function phi_1(-n h) of exponential integrators (M. Hochbruck and
    A. Ostermann, "Exponential integrators", Acta Numerica 19, 2010, section 2.1).

    Parameters
    ----------
    counts, shrinkage : Tensor of shape (m,)
        n and h of each row, both at least 0; h is cut at 0.999.
    """
    h = shrinkage.clamp(max=LARGEST_SHRINKAGE)
    at_once = counts * h
    in_turn = -torch.expm1(counts * torch.log1p(-h))
    return torch.where(at_once > SMALLEST_STEP, in_turn / at_once, 1.0)
