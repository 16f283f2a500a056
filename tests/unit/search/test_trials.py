import pytest

from blendmf.common.errors import UserError
from blendmf.search.trials import read_trials
from searches import plan_of, run


@pytest.fixture
def files(tmp_path):
    plan = plan_of(shards=2, trials=8, trials_per_generation=4)
    return plan, run(plan, tmp_path)[1]


def test_a_missing_file_is_named(files):
    plan, paths = files
    paths[1].unlink()
    with pytest.raises(UserError, match=r"generation-0/shard-1\.jsonl: .*run again"):
        read_trials(paths, plan, range(8))


def test_a_gap_in_the_numbers_is_named(files):
    plan, paths = files
    with pytest.raises(UserError, match=r"of mf: trials \[1, 3\] are missing"):
        read_trials([paths[0], *paths[2:]], plan, range(8))


def test_trials_of_a_later_generation_are_refused(files):
    plan, paths = files
    with pytest.raises(UserError, match=r"trials \[4, 5, 6, 7\] are not of this search"):
        read_trials(paths, plan, range(4))


def test_a_trial_in_two_files_is_refused(files):
    plan, paths = files
    paths[1].write_bytes(paths[0].read_bytes())
    with pytest.raises(
        UserError, match=r"shard-1\.jsonl, line 1: trial 0 of mf is in another file"
    ):
        read_trials(paths, plan, range(8))


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line[:20],
        lambda line: f"[{line}]",
        lambda line: line.replace('"number": 0', '"number": "0"'),
        lambda line: line.replace('"complete"', '"failed"'),
        lambda line: line.replace('"epochs"', '"steps"'),
        lambda line: line.replace('"value": ', '"value": NaN, "was": '),
        lambda line: line.replace('"learning_rate": ', '"learning_rate": 7'),
        lambda line: line.replace('"learning_rate"', '"rate"'),
    ],
    ids=["cut", "list", "number", "state", "key", "nan", "outside", "parameter"],
)
def test_a_broken_line_is_named_by_file_and_line(files, change):
    plan, paths = files
    lines = paths[0].read_text().splitlines()
    assert change(lines[0]) != lines[0]
    paths[0].write_text("\n".join([change(lines[0]), *lines[1:]]))
    with pytest.raises(UserError, match=r"shard-0\.jsonl, line 1: .*run again"):
        read_trials(paths, plan, range(8))


def test_a_binary_file_is_named(files):
    plan, paths = files
    paths[0].write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"shard-0\.jsonl: trials cannot be read"):
        read_trials(paths, plan, range(8))
