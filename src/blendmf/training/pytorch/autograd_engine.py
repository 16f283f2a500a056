"""Mini-batch Adam and full-batch gradient descent in PyTorch, on the CPU or a GPU."""

import numpy as np
import scipy.sparse as sp
import torch

from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.parameters import Parameters
from blendmf.training.pytorch.content import Content
from blendmf.training.pytorch.device import choose_device, gpu_name, one_thread, repeatable
from blendmf.training.pytorch.objective import Ratings, objective, rmse
from blendmf.training.pytorch.torch_terms import copied, squared_norms, to_parameters


class TorchEngine:
    """Adam on mini-batches or gradient descent on all ratings; same objective as per-rating SGD.

    ``adam`` takes one step of Adam (Kingma and Ba, 2015) per mini-batch, along the gradient of the
    batch's mean objective; the batches are cut from an order drawn anew for each epoch.

    ``gd`` takes one step per epoch, along the gradient of the objective's sum over all ratings. For
    a short step that is an epoch of SGD at the same learning rate. But a row that n ratings teach
    moves n times at once, so that the learning rate has to stay below about 2 / n of the user or
    item with most ratings, and the epochs become many (hundreds at 7e-4 on 70,000 ratings).

    The ratings' order is drawn by NumPy, so that it does not depend on the device. On the CPU one
    thread does the work, since the order of a sum would otherwise hang on how many there are.

    Attributes
    ----------
    device : torch.device
    device_name : str or None
        What the maker calls the GPU; None on the CPU.
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
        self._global_mean = parameters.global_mean
        self._terms = {
            name: torch.tensor(array, device=self.device, requires_grad=True)
            for name, array in parameters.arrays().items()
        }
        self._dtype = next(iter(self._terms.values())).dtype
        self._content = Content.from_csr(sp.csr_array(content), self._dtype, self.device)
        self._train = Ratings.from_observations(train, self._dtype, self.device)
        self._settings = settings
        self._penalties = settings.penalty_of_term
        self._rating_range = rating_range
        self._random = random
        if settings.optimiser == "adam":
            self._optimiser = torch.optim.Adam(self._terms.values(), fused=True)
        else:
            self._optimiser = torch.optim.SGD(self._terms.values())

    def run_epoch(self, learning_rate: float) -> None:
        """Go once through all training ratings: one step per mini-batch (adam) or one step (gd)."""
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate
        with one_thread(), repeatable(self._settings.deterministic):
            if self._settings.optimiser == "adam":
                order = torch.from_numpy(self._random.permutation(len(self._train)))
                for batch in order.to(self.device).split(self._settings.batch_size):
                    self._add_gradient(self._train[batch], 1 / len(batch))
                    self._step()
            else:
                for piece in self._train.pieces():
                    self._add_gradient(piece, 1.0)
                self._step()

    def rmse(self, part: Observations) -> float:
        """RMSE of the current parameters, predictions clipped to the rating range."""
        ratings = Ratings.from_observations(part, self._dtype, self.device)
        with one_thread(), repeatable(self._settings.deterministic):
            return rmse(self._terms, self._global_mean, self._content, ratings, self._rating_range)

    def squared_norms(self) -> dict[str, float]:
        """Sum of the squares of all entries of each term."""
        return squared_norms(self._terms, self._settings.deterministic)

    def keep(self) -> None:
        """Remember the current parameters, on the device."""
        self._kept = copied(self._terms)

    def kept(self) -> Parameters:
        """Copy of the parameters that were kept last."""
        return to_parameters(self._global_mean, self._kept)

    def parameters(self) -> Parameters:
        """Copy of the current parameters."""
        return to_parameters(self._global_mean, self._terms)

    def _add_gradient(self, ratings: Ratings, scale: float) -> None:
        loss = objective(
            self._terms,
            self._global_mean,
            self._content,
            ratings,
            self._penalties,
            self._settings.error_clip,
        )
        (scale * loss).backward()

    def _step(self) -> None:
        self._optimiser.step()
        self._optimiser.zero_grad()
