import math
import sys

import pytest

from blendmf.common import job_log as log
from blendmf.common.errors import UserError


def test_what_a_job_prints_is_in_its_log(tmp_path, capsys):
    with log.job(tmp_path / "deep" / "step.log"):
        print("to stdout")
        print("to stderr", file=sys.stderr)
    assert (tmp_path / "deep" / "step.log").read_text().startswith("to stdout\nto stderr\n")
    assert capsys.readouterr().out == ""


def test_a_users_mistake_is_told_without_a_traceback(tmp_path):
    with pytest.raises(SystemExit, match="1"), log.job(tmp_path / "step.log"):
        raise UserError("ratings.csv, line 3: no number")
    assert (tmp_path / "step.log").read_text() == "error: ratings.csv, line 3: no number\n"


def test_a_defect_keeps_its_traceback(tmp_path):
    with pytest.raises(SystemExit, match="1"), log.job(tmp_path / "step.log"):
        {}["missing"]
    text = (tmp_path / "step.log").read_text()
    assert "Traceback" in text
    assert "KeyError: 'missing'" in text


def test_progress_hands_on_everything_and_tells_how_far_it_is(monkeypatch, capsys):
    monkeypatch.setattr(log, "SECONDS_BETWEEN_LINES", -1.0)
    assert list(log.progress(iter("ab"), "letters", total=2)) == ["a", "b"]
    assert list(log.progress((c for c in "c"), "letters")) == ["c"]
    assert capsys.readouterr().out.splitlines() == [
        "letters: 1 of 2",
        "letters: 2 of 2",
        "letters: 1 of ?",
    ]


def test_progress_is_silent_while_work_is_short(capsys):
    assert list(log.progress([1, 2, 3], "numbers")) == [1, 2, 3]
    assert capsys.readouterr().out == ""


def test_the_log_ends_with_what_the_job_took(tmp_path):
    with log.job(tmp_path / "step.log"):
        numbers = bytearray(200 * 2**20)
        numbers[:: 2**12] = b"1" * (len(numbers) // 2**12)
        del numbers
    seconds, peak_mib = log.logged_usage(tmp_path / "step.log")
    assert seconds > 0
    assert peak_mib > 200


def test_a_log_without_success_has_no_usage(tmp_path):
    (tmp_path / "step.log").write_text("processor time 1.00 s, peak memory 5.0 MiB\nkilled\n")
    with pytest.raises(ValueError, match="did not succeed: 'killed'"):
        log.logged_usage(tmp_path / "step.log")


def test_memory_is_unknown_where_the_system_does_not_tell(tmp_path):
    assert math.isnan(log.peak_mib(tmp_path / "status"))


def test_the_log_of_a_success_ends_with_what_was_used_and_asked_for(tmp_path):
    with log.job(tmp_path / "requested.log", asked={"mem_mb": 300, "runtime": 10}):
        print("working")
    with log.job(tmp_path / "unrequested.log"):
        print("working")
    assert log.logged_request(tmp_path / "requested.log") == (300, 10)
    assert log.logged_request(tmp_path / "unrequested.log") is None
    for name in ("requested", "unrequested"):
        seconds, mib = log.logged_usage(tmp_path / f"{name}.log")
        assert seconds > 0
        assert mib > 10 or math.isnan(mib)
