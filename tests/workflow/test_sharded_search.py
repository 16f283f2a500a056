"""A search's outcome does not depend on sharding, interruption or later extension."""

from pathlib import Path
from typing import Any

import pytest
from project import Project

SEARCH = "results/synthetic/search/mf"
OUTCOME = [f"{SEARCH}/best.json", f"{SEARCH}/trials.csv"]


def search(shards: int, **changes: Any) -> dict[str, Any]:
    return {"search": {"trials": 5, "trials_per_generation": 3, "shards": shards, **changes}}


def searched(project: Project, shards: int, *options: str) -> list[bytes]:
    project.succeed("--cores", "2", *options, targets=OUTCOME, changes=search(shards))
    return [(project.run / file).read_bytes() for file in OUTCOME]


@pytest.fixture(scope="module")
def in_one_job(smoke: Project, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    return searched(smoke.copied_to(tmp_path_factory.mktemp("one") / "copy"), 1)


def shard_files(project: Project) -> list[Path]:
    return sorted((project.run / SEARCH).glob("*/shard-*.jsonl"))


@pytest.mark.slow
def test_three_shards_give_the_outcome_of_one(in_one_job: list[bytes], copy: Project) -> None:
    assert searched(copy, 3) == in_one_job
    # Generations 0 and 1, and the finalists.
    assert len(shard_files(copy)) == 3 * 3


@pytest.mark.slow
def test_only_a_lost_shard_is_redone_and_more_trials_repeat_no_full_generation(
    in_one_job: list[bytes], copy: Project
) -> None:
    assert searched(copy, 2) == in_one_job
    lost = copy.run / SEARCH / "generation-1/shard-1.jsonl"
    before = {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in shard_files(copy)}
    lost.unlink()
    for file in OUTCOME:
        (copy.run / file).unlink()

    assert searched(copy, 2, "--rerun-incomplete") == in_one_job
    redone = [file for file in before if file.stat().st_mtime_ns != before[file][0]]
    finalists = sorted((copy.run / SEARCH / "finalists").glob("shard-*"))
    assert sorted(redone) == sorted([*finalists, lost])
    assert [file for file in before if file.read_bytes() != before[file][1]] == []

    pending = copy.pending(targets=OUTCOME, changes=search(2, trials=9))
    again = {str(Path(file).relative_to(SEARCH)) for file in pending["search"]}
    # The second generation was not full.
    steps = ("generation-1", "generation-2", "finalists")
    assert again == {f"{step}/shard-{shard}.jsonl" for step in steps for shard in (0, 1)}
