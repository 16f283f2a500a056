"""Seconds per epoch of two engines of the same method, measured in turn on the same ratings."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.problem import Problem
from benchmarks.systems import Answer, Runner, System
from blendmf.common.errors import UserError
from blendmf.data.tables import read_table
from blendmf.ingest.synthetic import RATING_RANGE, generate
from blendmf.models.observations import Observations

COLUMNS = [
    *("data_set", "ratings", "system", "version", "latent_dim", "threads"),
    *("seconds_per_epoch", "updates_per_second", "times_as_fast", "settings", "note"),
]


@dataclass(frozen=True)
class Duel:
    """An entry of ``duels`` in ``systems.yaml``.

    Attributes
    ----------
    data_set : str
        A data set of the pipeline, or ``synthetic``.
    latent_dim : int
        Number of factors of all systems, for the table.
    threads, repeats : int
    systems : list of System
        The last one is what the others are compared with.
    synthetic : mapping, optional
        Settings of the generator.
    """

    data_set: str
    latent_dim: int
    threads: int
    repeats: int
    systems: list[System]
    synthetic: Mapping[str, Any] | None = None

    @classmethod
    def of_entry(cls, entry: Mapping[str, Any]) -> "Duel":
        """Read an entry of the file."""
        return cls(**{**entry, "systems": [System.of_entry(s) for s in entry["systems"]]})


def synthetic_problem(settings: Mapping[str, Any], seed: int) -> Problem:
    """All of a generated data set as training part, and one pair to score."""
    with TemporaryDirectory() as folder:
        generate(Path(folder), settings, seed)
        table = read_table(Path(folder) / "ratings.parquet", ["user_id", "item_id", "rating"])
    shape = (settings["users"], settings["items"])
    users, items = (table[c].to_numpy(np.int32) - np.int32(1) for c in ("user_id", "item_id"))
    train = Observations(users, items, table["rating"].to_numpy(np.float32), shape)
    none = Observations(users[:0], items[:0], train.ratings[:0], shape)
    one = Observations(users[:1], items[:1], train.ratings[:1], shape)
    content = sp.csr_array((shape[1], 0), dtype=np.float32)
    return Problem("synthetic", train, none, one, content, RATING_RANGE)


def run_duel(duel: Duel, problem: Problem, runner: Runner, scratch: Path) -> list[dict[str, Any]]:
    """Measure all systems of a duel in turn, `repeats` times.

    Returns
    -------
    list of dict
        A row with the columns of `COLUMNS` for each system. ``times_as_fast`` is the system's
        updates per second over those of the duel's last system.
    """
    path = scratch / "duel.npz"
    problem.write(path)
    in_turn = replace(runner, threads=duel.threads)
    answers: dict[str, list[Answer]] = {system.system: [] for system in duel.systems}
    notes = {system.system: system.remark for system in duel.systems}
    for _ in range(duel.repeats):
        for system in duel.systems:
            try:
                answers[system.system].append(in_turn.run(system, path, scratch))
            except UserError as error:
                notes[system.system] = str(error)
    path.unlink()
    rows = [_row(duel, system, problem, answers[system.system]) for system in duel.systems]
    return [
        row
        | {
            "times_as_fast": row["updates_per_second"] / rows[-1]["updates_per_second"],
            "note": notes[row["system"]],
        }
        for row in rows
    ]


def seconds_per_epoch(answers: list[Answer]) -> float:
    """Fastest long fit less fastest short fit, over the difference of their epochs.

    What a fit does once, such as sorting the ratings, falls out of the difference.
    """
    fastest = np.min([answer.seconds for answer in answers], axis=0)
    epochs = answers[0].epochs
    return float((fastest[-1] - fastest[0]) / (epochs[-1] - epochs[0]))


def _row(duel: Duel, system: System, problem: Problem, answers: list[Answer]) -> dict[str, Any]:
    seconds = seconds_per_epoch(answers) if answers else np.nan
    return {
        "data_set": problem.name,
        "ratings": len(problem.train),
        "system": system.system,
        "version": answers[0].version if answers else None,
        "latent_dim": duel.latent_dim,
        "threads": duel.threads,
        "seconds_per_epoch": seconds,
        "updates_per_second": len(problem.train) / seconds,
        "settings": system.described(),
    }
