"""Damage to any result of a run is found by the rules that read it, and is not believed."""

import os
from collections import Counter
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest
from project import Project

from blendmf.common.digests import digest_file, refuse_damage
from blendmf.common.errors import UserError
from damaging import damaged

KINDS = (".parquet", ".npz", ".json", ".jsonl", ".csv", ".svg", ".rst", ".html")
N_DAMAGES = 4000
"""Flips and truncations of all results."""

CHANGED = {
    "split/test.parquet": "leakage",
    "matrices/test.npz": "evaluate/bias",
    "models/bias/seed-1/model.npz": "evaluate/bias",
    "evaluation/bias/seed-1/strata.csv": "compare",
    "search/mf/generation-0/shard-0.jsonl": "select_best/mf",
    "comparison/summary.json": "index_page",
}
"""Results of every kind, and the job that is the first to be made again without them."""


def results(project: Project) -> list[Path]:
    """All results that have a digest."""
    found = sorted((project.run / "results").rglob("*"))
    return [path for path in found if path.is_file() and digest_file(path).exists()]


def believed(path: Path, contents: Iterator[bytes]) -> list[bytes]:
    """Contents of a file that are accepted although its rule did not write them."""
    original, accepted = path.read_bytes(), []
    for content in contents:
        path.write_bytes(content)
        try:
            refuse_damage([path])
        except UserError:
            continue
        accepted += [content] if content != original else []
    path.write_bytes(original)
    return accepted


def test_every_result_has_a_digest(smoke: Project) -> None:
    without = [
        path
        for path in (smoke.run / "results").rglob("*")
        if path.is_file() and not path.name.startswith(".")
        if not {"logs", "benchmarks", "raw"} & set(path.parts) and not digest_file(path).exists()
    ]
    assert without == []
    assert digest_file(smoke.run / "results/synthetic/data/raw").is_file()


def test_no_flip_and_no_truncation_of_any_result_is_believed(copy: Project) -> None:
    paths = results(copy)
    per_file = -(-N_DAMAGES // len(paths))
    made = Counter[str]()
    for path in paths:
        assert believed(path, damaged(path.read_bytes(), per_file, path.name)) == [], path
        made[path.suffix] += per_file
        beside = digest_file(path)
        of_digest = beside.read_bytes()
        for content in damaged(of_digest, 4, "digest", path.name):
            beside.write_bytes(content)
            with pytest.raises(UserError):
                refuse_damage([path])
        beside.write_bytes(of_digest)
    assert refuse_damage(paths) == []
    assert set(made) == set(KINDS)
    assert made.total() >= N_DAMAGES


def test_no_result_is_believed_in_the_place_of_another_even_with_its_digest(copy: Project) -> None:
    of_name: dict[str, list[Path]] = {}
    for path in results(copy):
        of_name.setdefault(path.name, []).append(path)
    swaps = [pair for paths in of_name.values() for pair in permutations(paths, 2)]
    assert len(swaps) > 200
    for mine, other in swaps:
        kept = {path: path.read_bytes() for path in (mine, digest_file(mine))}
        digest_file(mine).write_bytes(digest_file(other).read_bytes())
        for content in (other.read_bytes(), kept[mine]):
            mine.write_bytes(content)
            with pytest.raises(UserError):
                refuse_damage([mine])
        for path, content in kept.items():
            path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "job"),
    [
        pytest.param(name, job, marks=pytest.mark.slow if number else ())
        for number, (name, job) in enumerate(CHANGED.items())
    ],
)
def test_a_run_names_the_damaged_file_and_resumes_when_it_is_deleted(
    name: str, job: str, copy: Project
) -> None:
    folder = copy.run / "results/synthetic"
    path = folder / name
    original, times = path.read_bytes(), path.stat()
    first = {
        "leakage": "split/leakage.json",
        "evaluate/bias": "evaluation/bias/seed-1/metrics.json",
        "compare": "comparison/table.csv",
        "select_best/mf": "search/mf/best.json",
        "index_page": "../index.html",
    }[job]
    target = (folder / first).resolve().relative_to(copy.run.resolve()).as_posix()
    expected = (folder / first).read_bytes()
    (folder / first).unlink()
    path.write_bytes(next(damaged(original, 1)))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    failed = copy.snakemake("--cores", "2", targets=[target])
    assert failed.returncode == 1
    log = (copy.run / "results/logs" if job == "index_page" else folder / "logs") / f"{job}.log"
    assert log.read_text() == (
        f"error: results/synthetic/{name}: was changed after it was written; "
        "delete it and run snakemake again\n"
    )
    path.unlink()
    copy.succeed("--cores", "2", targets=[target])
    assert path.read_bytes() == original
    if job != "index_page":
        assert (folder / first).read_bytes() == expected
