"""One split of one data set, which every system of a comparison is fitted to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import scipy.sparse as sp

from blendmf.common.files import PathLike, parts_below, read_json, read_sparse, write_arrays
from blendmf.models.observations import Observations


@dataclass(frozen=True, eq=False)
class Problem:
    """A split of a data set of this name.

    Parts have times if they are known. `content` is of shape (n_items, n_terms).
    """

    name: str
    train: Observations
    validation: Observations
    test: Observations
    content: sp.csr_array
    rating_range: tuple[float, float]

    @classmethod
    def of_results(cls, folder: Path) -> Self:
        """Read a split that the pipeline made.

        The folder is ``results/{dataset}``, or a variant's such as
        ``results/{dataset}/audit/random``, which uses the data of the former.
        """
        train, validation, test = (
            Observations.of_file(folder / f"matrices/{part}.npz", folder / "matrices/times.npz")
            for part in ("train", "validation", "test")
        )
        name = "/".join(parts_below(folder / "data", "results")[:-1]).lstrip("/")
        data = (place / "data/source.json" for place in (folder, *folder.parents))
        low, high = read_json(next(path for path in data if path.is_file()))["rating_range"]
        content = read_sparse(folder / "content/tfidf.npz")
        return cls(name, train, validation, test, content, (low, high))

    def write(self, path: PathLike) -> None:
        """Write the problem for the adapters, without the test ratings."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        arrays = {
            f"{part}_{column}": getattr(observations, column)
            for part, observations in parts.items()
            for column in ("users", "items", "ratings", "times")
            if getattr(observations, column) is not None
        }
        del arrays["test_ratings"]
        content = {
            f"content_{part}": getattr(self.content, part) for part in ("data", "indices", "indptr")
        }
        facts = {
            "shape": self.train.shape,
            "rating_range": self.rating_range,
            "n_terms": self.content.shape[1],
        }
        write_arrays(path, {**arrays, **content, **facts})
