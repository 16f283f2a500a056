"""Training in PyTorch by SGD, Adam or gradient descent, on the CPU or a GPU."""

import math
from dataclasses import replace
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
from blendmf.training.pytorch.batch import Batch, Ratings, Tables
from blendmf.training.pytorch.content import Content
from blendmf.training.pytorch.device import choose_device, gpu_name, ran_out_of_memory, repeatable
from blendmf.training.pytorch.update_rules import DampedSgd, DenseDescent

RATINGS_AT_ONCE = 262_144
"""Maximum number of ratings that `TorchEngine.rmse` predicts at a time."""


class TorchEngine:
    """Trains the parameters on a device with the configured optimiser.

    Random numbers are drawn by NumPy, so they do not depend on the device.

    `user_content`, w_u, is a dense float32 table: 0.5 GB for 25,000 users and 5,000 words, 3.3 GB
    for 162,000 users. adam holds four such tables and gd two; `keep` adds one.

    If the device runs out of memory, the batch size is halved, the batch is repeated from the
    parameters before it, and a message is logged.

    Attributes
    ----------
    device : torch.device
    device_name : str or None
        Model name of the GPU; None on the CPU.
    batch_size : int
        Ratings per batch, after any halving.
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
        self._deterministic = settings.deterministic
        self._rating_range = rating_range
        terms = {name: self._table(array) for name, array in parameters.arrays().items()}
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
        rule = DampedSgd if settings.optimiser == "sgd" else DenseDescent
        self._rule = rule(self._tables, train, settings, random)
        self.batch_size = min(settings.batch_size, len(train))
        # The part is stored with its copy, so that its id is not used again.
        self._parts = {id(train): (train, self._rule.ratings)}

    def run_epoch(self, learning_rate: float) -> None:
        """Process all training ratings once, batch by batch."""
        with torch.no_grad(), repeatable(self._deterministic):
            order = self._rule.start_epoch(learning_rate).to(self.device)
            self._process(self._rule.ratings.take(order))
            self._rule.end_epoch()

    def rmse(self, part: Observations) -> float:
        """RMSE of the current parameters, predictions clipped to the rating range."""
        if id(part) not in self._parts:
            self._parts[id(part)] = part, Ratings.on_device(part, self._dtype, self.device)
        _, ratings = self._parts[id(part)]
        exact = replace(self._tables, product_dtype=self._dtype)
        total = 0.0
        with torch.no_grad(), repeatable(self._deterministic):
            for piece in ratings.pieces(RATINGS_AT_ONCE):
                predicted = Batch(exact, piece).predicted.clamp(*self._rating_range)
                total += (predicted - piece.values).square().sum().item()
        return math.sqrt(total / len(part))

    def squared_norms(self) -> dict[str, float]:
        """Sum of the squares of all entries of each term."""
        with repeatable(self._deterministic):
            return {name: float(term.square().sum()) for name, term in self._terms().items()}

    def keep(self) -> None:
        """Store a copy of the current parameters, on the device."""
        self._kept = {name: term.clone() for name, term in self._terms().items()}

    def kept(self) -> Parameters:
        """Copy of the parameters stored last."""
        arrays = {name: term.cpu().numpy().copy() for name, term in self._kept.items()}
        return Parameters(self._tables.global_mean, **arrays)

    def _terms(self) -> dict[str, Tensor]:
        """The parameters by name, without the zero rows."""
        return {name: table[:-1] for name, table in self._tables.terms.items()}

    def _table(self, array: NDArray[Any]) -> Tensor:
        return pad(torch.from_numpy(array).to(self.device), (0, 0) * (array.ndim - 1) + (0, 1))

    def _process(self, ratings: Ratings) -> None:
        """Process the ratings in the given order; halve the batches when memory runs out."""
        done = 0
        while done < len(ratings.values):
            capacity = self._most_words_of_a_batch(ratings.items[done:])
            try:
                for piece in ratings.pieces(self.batch_size, done):
                    self._rule.update(Batch(self._tables, piece, capacity))
                    done += len(piece.values)
            except RuntimeError as error:
                if not ran_out_of_memory(error):
                    raise
                self._halve_batches(error)

    def _most_words_of_a_batch(self, items: Tensor) -> int:
        """Largest number of words of a batch's items, counted per rating.

        Only needed for w_u. This is the one number per epoch for which the host waits for the
        device, before the first batch.
        """
        if "user_content" not in self._tables.terms:
            return 0
        lengths = self._tables.content.indptr.diff()[items]
        missing = -len(lengths) % self.batch_size
        return int(pad(lengths, (0, missing)).view(-1, self.batch_size).sum(dim=1).max())

    def _halve_batches(self, error: RuntimeError) -> None:
        if self.batch_size == 1:
            raise UserError(
                f"{self.device} has too little memory for training even one rating at a time; "
                "lower training.latent_dim or content.max_terms, or set training.engine: numba"
            ) from error
        print(
            f"{self.device} ran out of memory with training.batch_size {self.batch_size}; "
            f"continuing with {self.batch_size // 2}, from the parameters before the batch. Set "
            f"training.batch_size: {self.batch_size // 2} for a result that does not depend on "
            "memory"
        )
        self.batch_size //= 2
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
