"""Parameters as the compiled kernels read them: rows of blocks together, padded, aligned."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blendmf.training.kernels.vector_rows import aligned_rows
from blendmf.training.parameters import Parameters
from blendmf.training.sgd.blocks import Blocks


@dataclass
class PackedParameters:
    """Parameters in the order of the blocks; a term that a variant does not have is None.

    Attributes
    ----------
    global_mean : float
    user_bias, item_bias : ndarray of shape (n_users,) and (n_items,), or None
    user_factors, item_factors, content_factors : matrices of rows, or None
        See `blendmf.training.kernels.vector_rows`.
    user_content : ndarray of shape (n_users, n_terms), or None
        w_u divided by the user's `scale`.
    scale : ndarray of shape (n_users,)
    """

    global_mean: float
    user_bias: NDArray[Any] | None
    item_bias: NDArray[Any] | None
    user_factors: NDArray[Any] | None
    item_factors: NDArray[Any] | None
    content_factors: NDArray[Any] | None
    user_content: NDArray[Any] | None
    scale: NDArray[Any]

    @classmethod
    def pack(cls, parameters: Parameters, blocks: Blocks) -> "PackedParameters":
        """Copy parameters into the order of the blocks."""
        p = parameters
        dtype = next(iter(p.arrays().values())).dtype.type
        users, items = np.argsort(blocks.user_rows), np.argsort(blocks.item_rows)

        def taken(array: NDArray[Any] | None, rows: NDArray[np.int64]) -> NDArray[Any] | None:
            return None if array is None else array[rows]

        def factors(array: NDArray[Any] | None) -> NDArray[Any] | None:
            return None if array is None else aligned_rows(array, dtype)

        return cls(
            p.global_mean,
            taken(p.user_bias, users),
            taken(p.item_bias, items),
            factors(taken(p.user_factors, users)),
            factors(taken(p.item_factors, items)),
            factors(p.content_factors),
            taken(p.user_content, users),
            np.ones(len(users), dtype=dtype),
        )

    def unpack(self, blocks: Blocks, d: int) -> Parameters:
        """Copy of the parameters in the order of users and items, w_u multiplied out."""

        def given_back(array: NDArray[Any] | None, rows: NDArray[np.int64]) -> Any:
            return None if array is None else array[rows]

        def factors(array: NDArray[Any] | None, rows: NDArray[np.int64]) -> Any:
            return None if array is None else array[rows, :d]

        users, items = blocks.user_rows, blocks.item_rows
        own = self.user_content
        if own is not None:
            own = own[users]
            own *= self.scale[users, None]
        words = self.content_factors
        return Parameters(
            self.global_mean,
            given_back(self.user_bias, users),
            given_back(self.item_bias, items),
            factors(self.user_factors, users),
            factors(self.item_factors, items),
            None if words is None else words[:, :d].copy(),
            own,
        )

    def copy(self) -> "PackedParameters":
        """Independent copy; its rows are not aligned."""
        arrays = {
            name: value.copy() for name, value in vars(self).items() if hasattr(value, "shape")
        }
        return replace(self, **arrays)

    def squared_norms(self) -> dict[str, float]:
        """Sum of the squares of all entries of each term that the variant has."""
        norms = {}
        for name in self.terms:
            array = getattr(self, name)
            if name == "user_content":
                squares = np.einsum("ut,ut->u", array, array) * self.scale**2
                norms[name] = float(squares.sum(dtype=np.float64))
            else:
                norms[name] = float(np.vdot(array, array))
        return norms

    def item_vectors(self, content: Any) -> NDArray[Any] | None:
        """q_i + C_i V as a matrix of rows; `content` has its rows in the order of the blocks."""
        if self.content_factors is None:
            return self.item_factors
        mapped = content @ self.content_factors
        if self.item_factors is not None:
            mapped += self.item_factors
        return aligned_rows(mapped, mapped.dtype)

    @property
    def variant(self) -> tuple[str, ...]:
        """Name of the terms and of the precision, such as ``("bias-factors", "float32")``."""
        return "-".join(self.terms), self.scale.dtype.name

    @property
    def terms(self) -> list[str]:
        """Names of the terms that the variant has, mu not counted."""
        return [
            name
            for name, array in vars(self).items()
            if name not in ("global_mean", "scale") and array is not None
        ]
