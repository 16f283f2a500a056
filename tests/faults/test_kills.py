"""Runs that are killed again and again give the bytes of an undisturbed run: `make test-faults`."""

import csv
import os
from pathlib import Path

import pytest
from killing import Kill, killed, wait_for_orphans
from project import Project
from same_results import comparable, written

from blendmf.common.random_streams import stream

CHAINS, KILLS = 8, 25
DELETED = 0.3
"""Share of the results that are deleted when a run has ended before it could be killed."""


@pytest.mark.parametrize("chain", range(CHAINS))
def test_a_run_that_is_killed_again_and_again_gives_the_same_bytes(
    chain: int, smoke: Project, fresh: Project
) -> None:
    random, kills = stream(chain, "kills"), []
    while len(kills) < KILLS:
        kill = killed(fresh, random)
        if kill is not None:
            kills.append(kill)
            continue
        for path in written(fresh.run).values():
            if random.random() < DELETED:
                path.unlink()
    wait_for_orphans(fresh)
    fresh.succeed("--cores", "2", "--rerun-incomplete")
    undisturbed, resumed = written(smoke.run), written(fresh.run)
    assert set(resumed) == set(undisturbed)
    differing = [
        name for name, path in undisturbed.items() if comparable(path) != comparable(resumed[name])
    ]
    write(chain, kills, not differing)
    assert differing == []


def write(chain: int, kills: list[Kill], equal: bool) -> None:
    """Append the kills of a chain to the table named by the environment variable KILLS."""
    if not (table := os.environ.get("KILLS")):
        return
    is_new = not Path(table).exists()
    with Path(table).open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(("chain", *Kill._fields, "equal"))
        writer.writerows((chain, *kill, equal) for kill in kills)
