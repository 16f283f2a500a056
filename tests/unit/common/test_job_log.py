import math
import sys

import pytest

from blendmf.common import job_log as log
from blendmf.common.errors import UserError
from script_jobs import ScriptJob


def test_the_log_has_the_jobs_output_and_ends_with_its_usage_and_request(tmp_path, capsys):
    paths = [tmp_path / "deep" / f"{name}.log" for name in ("requested", "unrequested")]
    for path, asked in zip(paths, ({"mem_mb": 300, "runtime": 10}, {}), strict=True):
        with log.job(ScriptJob(path, resources=asked)):
            print("to stdout")
            print("to stderr", file=sys.stderr)
            numbers = bytearray(200 * 2**20)
            numbers[:: 2**12] = b"1" * (len(numbers) // 2**12)
            del numbers
        assert path.read_text().startswith("to stdout\nto stderr\n")
        seconds, peak_mib = log.logged_usage(path)
        assert seconds > 0
        assert peak_mib > 200
    assert [log.logged_request(path) for path in paths] == [(300, 10), None]
    assert capsys.readouterr().out == ""


def test_user_errors_are_logged_without_a_traceback(tmp_path):
    with pytest.raises(SystemExit, match="1"), log.job(ScriptJob(tmp_path / "step.log")):
        raise UserError("ratings.csv, line 3: no number")
    assert (tmp_path / "step.log").read_text() == "error: ratings.csv, line 3: no number\n"


def test_other_exceptions_keep_their_traceback(tmp_path):
    with pytest.raises(SystemExit, match="1"), log.job(ScriptJob(tmp_path / "step.log")):
        {}["missing"]
    text = (tmp_path / "step.log").read_text()
    assert "Traceback" in text
    assert "KeyError: 'missing'" in text


def test_a_log_on_a_full_disk_ends_with_one_line(tmp_path, capfd):
    path = tmp_path / "step.log"
    path.symlink_to("/dev/full")
    with pytest.raises(SystemExit, match="1"), log.job(ScriptJob(path)):
        raise ValueError("lost")
    assert capfd.readouterr().err == f"error: {path}: No space left on device\n"


def test_progress_yields_every_item_and_reports_the_count_of_long_work(monkeypatch, capsys):
    assert list(log.progress([1, 2, 3], "numbers")) == [1, 2, 3]
    monkeypatch.setattr(log, "SECONDS_BETWEEN_LINES", -1.0)
    assert list(log.progress(iter("ab"), "letters", total=2)) == ["a", "b"]
    assert list(log.progress((c for c in "c"), "letters")) == ["c"]
    assert capsys.readouterr().out.splitlines() == [
        "letters: 1 of 2",
        "letters: 2 of 2",
        "letters: 1 of ?",
    ]


def test_a_log_without_success_has_no_usage(tmp_path):
    (tmp_path / "step.log").write_text("processor time 1.00 s, peak memory 5.0 MiB\nkilled\n")
    with pytest.raises(ValueError, match="did not succeed: 'killed'"):
        log.logged_usage(tmp_path / "step.log")


def test_memory_is_nan_if_the_system_does_not_report_it(tmp_path):
    assert math.isnan(log.peak_mib(tmp_path / "status"))


def test_a_mistake_is_not_tried_again_in_the_same_run(tmp_path):
    path = tmp_path / "step.log"
    tries = []

    def attempt(number, error):
        asked = {"mem_mb": 1, "runtime": 1, "attempt": number}
        with log.job(ScriptJob(path, resources=asked)):
            tries.append(number)
            if error is not None:
                raise error

    def failed(number, error):
        path.unlink(missing_ok=True)  # as Snakemake does before each attempt
        with pytest.raises(SystemExit, match="1"):
            attempt(number, error)
        return path.read_text()

    assert failed(1, UserError("x.csv: no")) == "error: x.csv: no\n"
    assert failed(2, None) == "error: x.csv: no\n"
    assert tries == [1]
    # The next run tries again, and a defect or a lack of memory is tried again.
    assert "KeyError" in failed(1, KeyError("absent"))
    attempt(2, None)
    assert tries == [1, 1, 2]
    assert list(tmp_path.iterdir()) == [path]
