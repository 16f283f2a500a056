import pytest

from blendmf.common.errors import UserError
from blendmf.search.trials import read_trials
from searches import plan_of, run


@pytest.fixture
def files(tmp_path):
    plan = plan_of(shards=2, trials=8, trials_per_generation=4)
    return plan, run(plan, tmp_path)[1]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda paths: paths[1].unlink(), r"generation-0/shard-1\.jsonl: .*run again"),
        (lambda paths: paths.pop(1), r"of mf: trials \[1, 3\] are missing"),
        (
            lambda paths: paths[1].write_bytes(paths[0].read_bytes()),
            r"shard-1\.jsonl, line 1: trial 0 of mf is in another file",
        ),
        (
            lambda paths: paths[0].write_bytes(b"\xff\xfe\x00"),
            r"shard-0\.jsonl: trials cannot be read",
        ),
    ],
    ids=["no file", "gap", "twice", "binary"],
)
def test_missing_repeated_and_unreadable_trials_are_named(files, damage, message):
    plan, paths = files
    damage(paths)
    with pytest.raises(UserError, match=message):
        read_trials(paths, plan, range(8))


def test_trials_of_a_later_generation_are_refused(files):
    plan, paths = files
    with pytest.raises(UserError, match=r"trials \[4, 5, 6, 7\] are not of this search"):
        read_trials(paths, plan, range(4))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"rungs": []}', ""),
        ('{"number": 0', '[{"number": 0'),
        ('"number": 0', '"number": "0"'),
        ('"complete"', '"failed"'),
        ('"epochs"', '"steps"'),
        ('"value": ', '"value": NaN, "was": '),
        ('"learning_rate": ', '"learning_rate": 7'),
        ('"learning_rate"', '"rate"'),
    ],
    ids=["cut", "list", "number", "state", "key", "nan", "outside", "parameter"],
)
def test_a_broken_line_is_named_by_file_and_line(files, old, new):
    plan, paths = files
    first, *others = paths[0].read_text().splitlines()
    broken = first.replace(old, new) + "]" * new.startswith("[")
    assert broken != first
    paths[0].write_text("\n".join([broken, *others]))
    with pytest.raises(UserError, match=r"shard-0\.jsonl, line 1: .*run again"):
        read_trials(paths, plan, range(8))
