"""Stochastic gradient descent on mini-batches in PyTorch, on the CPU or a GPU."""

import math
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from blendmf.common.errors import UserError
from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.parameters import Parameters
from blendmf.training.pytorch.content import Content
from blendmf.training.pytorch.device import (
    choose_device,
    gpu_name,
    one_thread,
    ran_out_of_memory,
    repeatable,
)
from blendmf.training.pytorch.objective import Ratings, rmse
from blendmf.training.pytorch.sgd_step import Batch, Tables
from blendmf.training.pytorch.torch_schedule import Schedule
from blendmf.training.pytorch.torch_terms import copied, squared_norms, to_parameters
from blendmf.training.sgd.blocks import Blocks, number_of_blocks

SMALLEST_SCALE = 1e-12
"""About where s_u of a user is multiplied into v_u, far from where float32 ends."""


class TorchSgdEngine:
    """SGD on mini-batches of `batch_size` ratings, damped to follow per-rating SGD.

    The order of the ratings is that of the block engine with the same seed and blocks
    (`Schedule`), on every device.

    `user_content`, w_u, is a dense table of users x words on the device, 4 bytes each: 0.5 GB for
    25,000 users and 5,000 words, 3.3 GB for 162,000 users. A batch reads and writes only the words
    of its ratings, since the penalty is kept apart in a number per user, which is multiplied into
    the table at the end of an epoch.

    Where the device runs out of memory, the batch is halved and done again from the parameters as
    they were before it, and the log says so.

    Attributes
    ----------
    device : torch.device
    device_name : str or None
        What the maker calls the GPU; None on the CPU.
    batch_size : int
        Ratings per batch, as they are after any halving.
    """

    def __init__(
        self,
        parameters: Parameters,
        train: Observations,
        content: sp.csr_array,
        settings: TrainingSettings,
        rating_range: tuple[float, float],
        random: np.random.Generator,
    ) -> None:
        self.device = choose_device(settings.device)
        self.device_name = gpu_name(self.device)
        self.batch_size = min(settings.batch_size, len(train))
        self._settings = settings
        self._rating_range = rating_range
        self._random = random
        n_blocks = settings.blocks or number_of_blocks(train.shape, settings.latent_dim)
        blocks = Blocks.deal(train, n_blocks, random)
        self._schedule = Schedule(blocks, self.device)
        arrays = parameters.arrays()
        terms = {name: self._with_zero_row(array) for name, array in arrays.items()}
        self._dtype = terms["user_bias"].dtype
        self._tables = Tables(
            terms,
            torch.ones_like(terms["user_bias"]),
            Content.from_csr(sp.csr_array(content), self._dtype, self.device),
            parameters.global_mean,
            settings.penalty_of_term,
            settings.error_clip,
            torch.bfloat16 if settings.mixed_precision else self._dtype,
        )
        self._ratings = Ratings.from_observations(
            _in_order(train, blocks.order), self._dtype, self.device
        )
        # A part is kept beside its copy on the device, so that its id stays its own.
        self._parts = {id(train): (train, self._ratings)}
        self._learning_rate = torch.zeros((), dtype=self._dtype, device=self.device)
        self._most_ratings = int(np.bincount(train.users).max())

    def run_epoch(self, learning_rate: float) -> None:
        """Go once through all training ratings, batch by batch, in random order."""
        self._learning_rate.fill_(learning_rate)
        ratings = self._ratings[self._schedule.draw(self._random)]
        with torch.no_grad(), one_thread(), repeatable(self._settings.deterministic):
            self._run(ratings, learning_rate)
            self._tables.fold_scale()

    def rmse(self, part: Observations) -> float:
        """RMSE of the current parameters, predictions clipped to the rating range."""
        tables = self._tables
        with one_thread(), repeatable(self._settings.deterministic):
            return rmse(
                self._terms(),
                tables.global_mean,
                tables.content,
                self._on_device(part),
                self._rating_range,
            )

    def squared_norms(self) -> dict[str, float]:
        """Sum of the squares of all entries of each term."""
        return squared_norms(self._terms(), self._settings.deterministic)

    def keep(self) -> None:
        """Remember the current parameters, on the device."""
        self._kept = copied(self._terms())

    def kept(self) -> Parameters:
        """Copy of the parameters that were kept last."""
        return to_parameters(self._tables.global_mean, self._kept)

    def parameters(self) -> Parameters:
        """Copy of the current parameters."""
        return to_parameters(self._tables.global_mean, self._terms())

    def _terms(self) -> dict[str, Tensor]:
        """The parameters by name, without the zero rows."""
        return {name: table[:-1] for name, table in self._tables.terms.items()}

    def _run(self, ratings: Ratings, learning_rate: float) -> None:
        """Teach the ratings in their order, in smaller batches from where memory runs out."""
        ratings_per_fold = self._ratings_per_fold(learning_rate)
        done = 0
        while done < len(ratings):
            capacity = self._most_words_of_a_batch(ratings[slice(done, None)])
            try:
                for start in range(done, len(ratings), self.batch_size):
                    batch = ratings[slice(start, start + self.batch_size)]
                    Batch(self._tables, batch, self._learning_rate, capacity).teach()
                    done = start + len(batch)
                    if done // ratings_per_fold > start // ratings_per_fold:
                        self._tables.fold_scale()
            except RuntimeError as error:
                if not ran_out_of_memory(error):
                    raise
                self._halve_batches(error)

    def _most_words_of_a_batch(self, ratings: Ratings) -> int:
        """Words of a batch's items, counted per rating, in the batch that has most of them.

        The one number that an epoch waits for the device for, before its first batch, and only
        where users weigh words.
        """
        if "user_content" not in self._tables.terms:
            return 0
        lengths = self._tables.content.lengths()[ratings.items]
        missing = -len(lengths) % self.batch_size
        return int(pad(lengths, (0, missing)).view(-1, self.batch_size).sum(dim=1).max())

    def _ratings_per_fold(self, learning_rate: float) -> int:
        """After how many ratings s_u of the busiest user is about `SMALLEST_SCALE`."""
        penalty = self._settings.penalty_of_term["user_content"]
        shrinks = -self._most_ratings * math.log1p(-learning_rate * penalty)
        folds = math.ceil(shrinks / -math.log(SMALLEST_SCALE))
        return math.ceil(len(self._ratings) / max(folds, 1))

    def _halve_batches(self, error: RuntimeError) -> None:
        if self.batch_size == 1:
            raise UserError(
                f"{self.device} has too little memory for training even one rating at a time; "
                "lower training.latent_dim or content.max_terms, or set training.engine: numba"
            ) from error
        print(
            f"{self.device} ran out of memory with training.batch_size {self.batch_size}; going on "
            f"with {self.batch_size // 2}, from the parameters as they were before the batch. Set "
            f"training.batch_size: {self.batch_size // 2} for a result that does not hang on memory"
        )
        self.batch_size //= 2
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _with_zero_row(self, array: NDArray[Any]) -> Tensor:
        table = torch.zeros(
            (len(array) + 1, *array.shape[1:]),
            dtype=torch.from_numpy(array[:0]).dtype,
            device=self.device,
        )
        table[:-1] = torch.from_numpy(array)
        return table

    def _on_device(self, part: Observations) -> Ratings:
        """The part's ratings on the device, copied there once for all epochs."""
        if id(part) not in self._parts:
            copied = Ratings.from_observations(part, self._dtype, self.device)
            self._parts[id(part)] = part, copied
        return self._parts[id(part)][1]


def _in_order(part: Observations, order: NDArray[Any]) -> Observations:
    return Observations(part.users[order], part.items[order], part.ratings[order], part.shape)
