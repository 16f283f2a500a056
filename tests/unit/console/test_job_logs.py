from pathlib import Path

import numpy as np
import pytest

from blendmf.common.errors import UserError
from blendmf.common.job_log import job
from script_jobs import ScriptJob
from snakemake_logger_plugin_blendmf.job_logs import Reading, ended_process, read_log


def log_of(folder: Path, error: BaseException) -> Path:
    def fail() -> None:
        print("error: not the last words")
        raise error

    with pytest.raises(SystemExit), job(ScriptJob(folder / "job.log")):
        fail()
    return folder / "job.log"


def reading(folder: Path, error: BaseException) -> Reading:
    found = read_log(log_of(folder, error))
    assert found is not None
    return found


def test_a_mistake_is_its_message_with_all_lines(tmp_path: Path) -> None:
    found = reading(tmp_path, UserError("two problems:\n  a\n  b"))
    assert found.message == "error: two problems:\n  a\n  b"
    assert found.remedy == "Correct this and"


def test_a_defect_is_its_last_line(tmp_path: Path) -> None:
    found = reading(tmp_path, KeyError("absent"))
    assert found.message.startswith("KeyError: 'absent' (")
    assert "report it" in found.remedy


def test_the_place_of_a_defect_is_the_last_line_of_the_projects_code(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    log.write_text(
        "Traceback (most recent call last):\n"
        '  File "/x/.snakemake/scripts/tmp1.train.py", line 3, in <module>\n    fit()\n'
        '  File "/x/src/blendmf/training/fit.py", line 7, in fit\n    np.ones(-1)\n'
        '  File "/x/lib/site-packages/numpy/scripts/a.py", line 9, in ones\n    raise\n'
        "ValueError: negative dimensions\nmore words\n"
    )
    found = read_log(log)
    assert found is not None
    assert found.message == (
        "ValueError: negative dimensions (src/blendmf/training/fit.py, line 7)"
    )


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (MemoryError("out"), "fewer jobs at a time"),
        (OSError(28, "No space left on device", "x"), "disk space"),
        (PermissionError(13, "Permission denied", "x"), "writable"),
        (OSError(30, "Read-only file system", "x"), "writable"),
        (NotADirectoryError(20, "Not a directory", "x"), "folder"),
    ],
)
def test_faults_of_the_machine_have_their_own_remedies(
    error: BaseException, remedy: str, tmp_path: Path
) -> None:
    assert remedy in reading(tmp_path, error).remedy


def test_a_failed_allocation_is_a_lack_of_memory(tmp_path: Path) -> None:
    with pytest.raises(SystemExit), job(ScriptJob(tmp_path / "job.log")):
        np.ones(2**52)
    found = read_log(tmp_path / "job.log")
    assert found is not None
    assert "fewer jobs" in found.remedy


def test_a_log_without_an_error_does_not_say_why(tmp_path: Path) -> None:
    (tmp_path / "job.log").write_text("trials: 3 of 30\n")
    assert read_log(tmp_path / "job.log") is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("died with <Signals.SIGKILL: 9>.", "killed (signal 9)"),
        ("returned non-zero exit status 137.", "killed (signal 9)"),
        ("returned non-zero exit status -15.", "killed (signal 15)"),
        ("returned non-zero exit status 1.", "ended with exit status 1 before"),
        ("died with <Signals.SIGSEGV: 11>.", "ended with Signals.SIGSEGV before"),
    ],
)
def test_the_end_of_a_process_is_explained(words: str, message: str) -> None:
    assert message in ended_process(f"CalledProcessError ...\nCommand 'x.train.py' {words}").message
