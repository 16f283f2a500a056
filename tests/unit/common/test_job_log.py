import math
import sys

import pytest

from blendmf.common import job_log as log
from blendmf.common.errors import UserError


def test_the_log_contains_the_jobs_output(tmp_path, capsys):
    with log.job(tmp_path / "deep" / "step.log"):
        print("to stdout")
        print("to stderr", file=sys.stderr)
    assert (tmp_path / "deep" / "step.log").read_text().startswith("to stdout\nto stderr\n")
    assert capsys.readouterr().out == ""


def test_user_errors_are_logged_without_a_traceback(tmp_path):
    with pytest.raises(SystemExit, match="1"), log.job(tmp_path / "step.log"):
        raise UserError("ratings.csv, line 3: no number")
    assert (tmp_path / "step.log").read_text() == "error: ratings.csv, line 3: no number\n"


def test_other_exceptions_keep_their_traceback(tmp_path):
    with pytest.raises(SystemExit, match="1"), log.job(tmp_path / "step.log"):
        {}["missing"]
    text = (tmp_path / "step.log").read_text()
    assert "Traceback" in text
    assert "KeyError: 'missing'" in text


def test_progress_yields_every_item_and_reports_the_count(monkeypatch, capsys):
    monkeypatch.setattr(log, "SECONDS_BETWEEN_LINES", -1.0)
    assert list(log.progress(iter("ab"), "letters", total=2)) == ["a", "b"]
    assert list(log.progress((c for c in "c"), "letters")) == ["c"]
    assert capsys.readouterr().out.splitlines() == [
        "letters: 1 of 2",
        "letters: 2 of 2",
        "letters: 1 of ?",
    ]


def test_progress_prints_nothing_for_short_work(capsys):
    assert list(log.progress([1, 2, 3], "numbers")) == [1, 2, 3]
    assert capsys.readouterr().out == ""


def test_the_log_ends_with_processor_time_and_peak_memory(tmp_path):
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


def test_memory_is_nan_if_the_system_does_not_report_it(tmp_path):
    assert math.isnan(log.peak_mib(tmp_path / "status"))


def test_the_log_of_a_success_ends_with_usage_and_request(tmp_path):
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
