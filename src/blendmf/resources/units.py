"""What a job has how many of: all that its memory and its time are counted in."""

from collections.abc import Mapping
from math import ceil, exp

from blendmf.resources.job import Job
from blendmf.resources.largest_fit import Fit
from blendmf.resources.size import Size

NO_FIT = Fit("")

LANES = 16
"""Rows of factors are padded to a multiple of this (`blendmf.training.kernels.vector_rows`)."""

ROWS_PER_BLOCK = 2**20
"""Ratings of one block of a table that is read or written, as `blendmf.data.tables` has it."""

NUMBERS_PER_BLOCK = 2**22
"""Counts of a block of resamples, as `blendmf.evaluation.bootstrap` has it."""

BLOCK_BYTES, FEWEST_BLOCKS, MOST_BLOCKS = 384 * 1024, 16, 256
"""How many blocks the users are dealt into, as `blendmf.training.sgd.blocks` has it."""

ENOUGH_TO_MERGE = 500_000
"""Training ratings from which on every block has its own V, as `block_sgd` has it."""

RATINGS_AT_ONCE = 2**18
"""Ratings that PyTorch predicts together, as `blendmf.training.pytorch.objective` has it."""

WORTH_A_GPU = 5_000_000
"""Training ratings from which on `engine: auto` loads PyTorch, as `engines` has it."""

SCORES_PER_BLOCK, PAIRS_PER_BLOCK = 2**21, 2**18
"""Scores and rated items of one block, as `blendmf.evaluation` has them."""

WORDS_GATHERED = 2**22
"""Words of users of rated items that are held together, as `factor_model` has it."""

WORDS_PER_ITEM = 10
"""More than items have on average, to reckon how many words a user has met."""


def units(job: Job, fit: Fit = NO_FIT) -> dict[str, float]:
    """Number of each unit.

    Returns
    -------
    dict
        Data: ``first_ratings`` are those of one block of a table, ``long_line_bytes`` those of
        ids that are words.

        Models: ``parameters`` are the factors of users and items, padded, ``kept`` those of all
        draws that a model is made of, ``user_words`` the entries of w_u of all users,
        ``met_words`` those that training changes, ``word_copies`` the entries of V in all blocks,
        ``neighbours`` the most that all items have.

        Training: ``seen`` are training ratings times epochs; these times padded factors are
        ``multiplied``, times squared factors ``solved``; ``drawn_factors`` are parameters times
        epochs; ``approximated`` are ratings times ranks,
        ``compared`` ratings times items, ``in_piece`` the factors of the ratings that PyTorch
        predicts together. ``looks_for_gpu`` is 1 where it is loaded to look, ``cuda_libraries``
        where it is installed with them and ``loaded_cuda_libraries`` where a fit loads them.

        Scores: items ``in_lists`` are ranked to score a model, those ``in_recommendations`` to
        recommend, of which ``recommended`` are; ``in_block`` are ranked together, and ``in_pairs``
        are the factors of rated items that are, ``gathered_words`` the words of the users who
        rated them; ``scores`` are users times fits.

        Resamples: ``drawn`` are the counts of one block, ``resampled`` the values of all models
        and ``resampled_pairs`` of all pairs, ``resampled_users`` and ``resampled_scores`` what they
        are summed up from.
    """
    size = job.size
    train = size.ratings * job.train_share
    held_out = size.ratings - train
    width = LANES * ceil(fit.factors / LANES)
    parameters = (size.users + size.items) * width
    neighbours = min(fit.neighbours, size.items)
    seen = train * fit.epochs
    looks = fit.looks_for_gpu and train >= WORTH_A_GPU
    user_words = size.users * size.terms * fit.weighs_words
    return {
        "start": 1,
        "ratings": size.ratings,
        "first_ratings": min(size.ratings, ROWS_PER_BLOCK),
        "train_ratings": train,
        "users": size.users,
        "items": size.items,
        "tags": size.tags,
        "text_bytes": size.text_bytes,
        "downloaded_bytes": size.text_bytes * (size.origin == "download"),
        "long_line_bytes": size.long_line_bytes,
        # Models.
        "parameters": parameters,
        "kept": parameters * fit.draws,
        "user_words": user_words,
        "met_words": user_words * _share_met(train, size),
        "word_copies": _copies(4 * parameters, train) * size.terms * width * fit.maps_words,
        "neighbours": size.items * neighbours,
        # Training.
        "seen": seen,
        "multiplied": seen * width,
        "solved": seen * fit.factors**2,
        "drawn_factors": parameters * fit.epochs,
        "seen_words": seen * fit.weighs_words,
        "approximated": train * fit.factors,
        "compared": train * size.items,
        "in_piece": min(train, RATINGS_AT_ONCE) * width,
        "looks_for_gpu": looks,
        "cuda_libraries": job.torch_with_cuda,
        "loaded_cuda_libraries": job.torch_with_cuda and (looks or fit.engine == "torch"),
        "gpus": fit.gpus,
        # Scores.
        "in_lists": job.full_users * size.items,
        "in_recommendations": job.listed_users * size.items,
        "recommended": job.listed_users * job.list_length,
        "in_block": min(max(job.full_users, job.listed_users) * size.items, SCORES_PER_BLOCK),
        "in_pairs": min(held_out, PAIRS_PER_BLOCK) * fit.factors,
        "gathered_words": min(held_out * size.terms, WORDS_GATHERED) * fit.weighs_words,
        "scored_neighbours": size.ratings * neighbours,
        "scores": size.users * job.n_scores,
        # Resamples.
        "drawn": min(size.users * job.resamples, NUMBERS_PER_BLOCK),
        "resampled": job.resamples * job.n_models,
        "resampled_pairs": job.resamples * job.n_models * (job.n_models - 1) / 2,
        "resampled_users": job.resamples * size.users,
        "resampled_scores": job.resamples * size.users * job.n_scores,
    }


def total(costs: Mapping[str, float], counted: Mapping[str, float]) -> float:
    """Sum over the units of what each costs."""
    return sum(cost * counted[unit] for unit, cost in costs.items())


def _share_met(train: float, size: Size) -> float:
    """Share of the words that a user meets, if each is as likely as any other."""
    met = WORDS_PER_ITEM * train / max(size.users, 1)
    return 1.0 - exp(-met / max(size.terms, 1))


def _copies(parameter_bytes: float, train: float) -> int:
    if train < ENOUGH_TO_MERGE:
        return 1
    return min(MOST_BLOCKS, max(FEWEST_BLOCKS, ceil(parameter_bytes / BLOCK_BYTES)))
