"""The console of real runs: short; a failed one ends with the reason and the remedy."""

import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from project import Project

OUTCOME = "results/synthetic/comparison/outcome.rst"
AGAIN = "run the same command again"
RATINGS = "user,item,rating,timestamp\n" + "".join(
    f"u{user},f{item},{1 + (user + item) % 5},{1000 + 10 * user + item}\n"
    for user in range(12)
    for item in range(8)
)


def shown(project: Project, *options: str, **how: Any) -> tuple[int, list[str]]:
    """Exit status and lines of a run with the project's console."""
    ran = project.snakemake("--cores", "2", *options, plain=False, **how)
    return ran.returncode, ran.stdout.splitlines()


def with_script(project: Project, line: str) -> dict[str, Any]:
    """Insert a line into the job of the rule `summarise`; returns the run that meets it."""
    script = project.code / "scripts/summarise.py"
    text = script.read_text()
    mark = "    source, params ="
    assert mark in text
    script.write_text(text.replace(mark, f"    {line}\n{mark}", 1))
    return {"targets": [OUTCOME]}


def truncate(project: Project, path: str) -> None:
    """Cut a result short without a sign of it in its time."""
    file = project.run / path
    before = file.stat()
    file.write_bytes(file.read_bytes()[: before.st_size // 2])
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def damaged(project: Project) -> dict[str, Any]:
    truncate(project, "results/synthetic/content/tfidf.npz")
    fitted_on = "results/synthetic/split/fitted-on.csv"
    (project.run / fitted_on).unlink()
    return {"targets": [fitted_on]}


def damaged_facts(project: Project) -> dict[str, Any]:
    truncate(project, "results/synthetic/data/source.json")
    return with_script(project, "pass")


def unwritable(project: Project) -> dict[str, Any]:
    folder = project.run / "results/synthetic/figures"
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    folder.write_text("a file where a folder should be")
    return {}


def repeated_key(project: Project) -> dict[str, Any]:
    (project.code / "twice.yaml").write_text("seeds: 1\nseeds: 2\n")
    return {"experiment": "twice.yaml"}


def own_ratings(project: Project, line: str | None) -> dict[str, Any]:
    folder = project.folder / "mine"
    if line is not None:
        folder.mkdir()
        (folder / "ratings.csv").write_text(RATINGS + line)
    columns = {name: name for name in ("user", "item", "rating", "timestamp")}
    own = {
        "name": "mine",
        "path": str(folder),
        "rating_range": [1, 5],
        "csv": {"ratings": {"file": "ratings.csv", **columns}},
    }
    return {"experiment": None, "changes": {"dataset": own}}


FAULTS: dict[str, tuple[Callable[[Project], dict[str, Any]], str, str]] = {
    "a bad value": (
        lambda _: {"changes": {"split": {"train": 0.9}}},
        r"split: train 0\.9 and validation",
        AGAIN,
    ),
    "a repeated key": (repeated_key, r"twice\.yaml.*seeds", AGAIN),
    "broken YAML": (
        lambda project: (
            (project.code / "broken.yaml").write_text("seeds: [1\n")
            and {"experiment": "broken.yaml"}
        ),
        r"broken\.yaml",
        AGAIN,
    ),
    "a missing configuration": (
        lambda _: {"experiment": "no-such.yaml"},
        r"no-such\.yaml",
        AGAIN,
    ),
    "a missing folder": (
        lambda project: own_ratings(project, None),
        r"/mine does not exist",
        AGAIN,
    ),
    "a bad line": (
        lambda p: own_ratings(p, "u1,f9,five,2000\n"),
        r"line 98.*five|five.*line 98",
        AGAIN,
    ),
    "a rating out of range": (lambda p: own_ratings(p, "u1,f9,7,2000\n"), r"\b7\b", AGAIN),
    "a mistake that a job finds": (
        lambda p: with_script(
            p, "from blendmf.common.errors import UserError; raise UserError('x.csv, line 3: no')"
        ),
        r"error: x\.csv, line 3: no",
        AGAIN,
    ),
    "a defect": (
        lambda p: with_script(p, "{}['absent']"),
        r"KeyError: 'absent' \(.*summarise\.py, line \d+\)",
        "report it with the log",
    ),
    "a killed job": (
        lambda p: with_script(p, "import os; os.kill(os.getpid(), 9)"),
        r"killed \(signal 9\).*memory",
        "fewer jobs at a time",
    ),
    "no memory": (
        lambda p: with_script(p, "import numpy; numpy.ones(2**52)"),
        r"Unable to allocate",
        "fewer jobs at a time",
    ),
    "no disk": (
        lambda p: with_script(p, "open('/dev/full', 'w').write('x' * 10**6)"),
        r"No space left on device",
        "Free some disk space",
    ),
    "a damaged result": (damaged, r"content/tfidf\.npz: was changed", "delete it"),
    "damaged facts": (damaged_facts, r"data/source\.json: was changed", "delete it"),
    "an unwritable folder": (unwritable, r"synthetic/figures", AGAIN),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "quiet"),
    [*((fault, ()) for fault in FAULTS)]
    + [(fault, ("--quiet", "all")) for fault in ("a bad value", "a defect")],
)
def test_the_last_five_lines_of_a_failed_run_have_the_message_and_the_remedy(
    fault: str, quiet: tuple[str, ...], copy: Project
) -> None:
    plant, message, remedy = FAULTS[fault]
    status, lines = shown(copy, *quiet, **plant(copy))
    end = "\n".join(lines[-5:])
    assert status == 1, lines
    assert re.search(message, end), lines
    assert remedy in end, lines
    assert len(lines) <= 40, lines


@pytest.mark.slow
def test_a_mistake_is_not_tried_again_but_a_defect_is(copy: Project) -> None:
    count = "open('tries', 'a').write('x'); "
    mistake = "from blendmf.common.errors import UserError; raise UserError('wrong')"
    script = copy.code / "scripts/summarise.py"
    original = script.read_text()
    for line, tries in ((count + mistake, 1), (count + "{}['absent']", 3)):
        script.write_text(original)
        (copy.run / "tries").unlink(missing_ok=True)
        status, lines = shown(copy, "--retries", "2", **with_script(copy, line))
        assert status == 1, lines
        assert len((copy.run / "tries").read_text()) == tries
    assert "KeyError" in "\n".join(lines[-5:])


@pytest.mark.slow
def test_a_run_shows_the_plan_and_the_answer_and_a_second_one_has_nothing_to_do(
    copy: Project,
) -> None:
    (copy.run / OUTCOME).unlink()
    status, lines = shown(copy)
    text = "\n".join(lines)
    assert status == 0, text
    assert "Models: 7: " in text
    assert re.search(r"^Time: +about .* expected$", text, re.MULTILINE)
    assert (
        len(re.findall(r"^  [\w-]+ +\d\.\d{4} \(\d\.\d{4} to \d\.\d{4}\)$", text, re.MULTILINE))
        == 3
    )
    assert "Report: results/synthetic/report.html" in text
    assert len(lines) <= 40
    status, lines = shown(copy)
    assert status == 0
    assert "Nothing to be done" in "\n".join(lines)


@pytest.mark.slow
def test_quiet_and_plain_runs_and_what_is_no_run(copy: Project) -> None:
    (copy.run / OUTCOME).unlink()
    status, lines = shown(copy, "-n", "--quiet", "rules")
    assert (status, any(line.startswith("summarise ") for line in lines)) == (0, True), lines
    status, lines = shown(copy, "--quiet", "all", targets=[OUTCOME])
    assert (status, [line for line in lines if "profile" not in line]) == (0, []), lines
    (copy.run / OUTCOME).unlink()
    plain = copy.succeed("--cores", "2", targets=[OUTCOME])
    assert "Finished jobid" in plain
    assert "Answer:" in plain
