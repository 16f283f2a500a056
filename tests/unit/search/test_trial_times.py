from datetime import UTC, datetime, timedelta

import searches
from blendmf.search.trial_times import read_times, time_line

START = datetime(2026, 3, 1, 12, 0, 0, 250, tzinfo=UTC)


def test_times_are_read_from_logs_as_they_were_written(tmp_path):
    lines = [
        time_line(7, START, START + timedelta(seconds=1)),
        "training by numba",
        time_line(8, START, START),
        time_line(7, START, START + timedelta(seconds=2)),
    ]
    (tmp_path / "a.log").write_text("\n".join(lines) + "\n")
    (tmp_path / "b.log").write_text("nothing\n")
    found = read_times(sorted(tmp_path.glob("*.log")))
    assert found == {7: (START, START + timedelta(seconds=2)), 8: (START, START)}


def test_a_search_logs_when_each_trial_ran(tmp_path, capsys):
    before = datetime.now(UTC)
    searches.run(searches.plan_of(trials=7), tmp_path / "search")
    (tmp_path / "search.log").write_text(capsys.readouterr().out)
    times = read_times([tmp_path / "search.log"])
    assert sorted(times) == list(range(7))
    ordered = [time for number in range(7) for time in times[number]]
    assert [before, *ordered] == sorted([before, *ordered])
