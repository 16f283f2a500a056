import pytest

from snakemake_logger_plugin_blendmf.progress import Progress, next_line


def ten_jobs() -> Progress:
    return Progress(expected=100.0, seconds=dict.fromkeys(range(10), 10.0), total=10)


def test_the_time_left_is_the_prediction_at_first_and_the_pace_at_last() -> None:
    progress = ten_jobs()
    assert progress.seconds_left(0.0) == 100
    for job in range(9):
        progress.start(job, "work", 20.0 * job)
        progress.finish(job)
    # At half the expected speed nine of ten jobs took 180 s: 20 s are left, not 10.
    assert progress.seconds_left(180.0) == pytest.approx(0.9 * 20 + 0.1 * 10)


def test_a_run_as_predicted_has_the_predicted_time_left_at_any_moment() -> None:
    progress = ten_jobs()
    for job in range(10):
        now = 10.0 * job
        assert progress.seconds_left(now) == pytest.approx(100 - now)
        progress.start(job, "work", now)
        progress.finish(job)
    assert progress.share(100.0) == 1
    assert progress.seconds_left(100.0) == 0


def test_a_running_job_counts_as_far_as_it_should_be_but_never_as_done() -> None:
    progress = ten_jobs()
    progress.start(0, "work", 0.0)
    assert progress.share(5.0) == pytest.approx(0.05)
    assert progress.share(1000.0) == pytest.approx(0.09)


def test_without_a_prediction_jobs_are_counted() -> None:
    progress = Progress(total=4)
    progress.finish(1)
    assert progress.share(3.0) == 0.25
    assert progress.seconds_left(3.0) == pytest.approx(0.25 * 9)


def test_the_phase_is_the_job_that_was_started_last() -> None:
    progress = Progress()
    assert progress.phase() == ""
    progress.start(1, "Searching mf", 0.0)
    assert progress.phase() == "Searching mf"
    progress.start(2, "Training bias", 1.0)
    assert progress.phase() == "Training bias (and 1 more)"


@pytest.mark.parametrize(("seconds", "most"), [(60, 11), (180, 17), (600, 23), (8 * 3600, 45)])
def test_a_log_gets_few_lines_of_progress(seconds: float, most: int) -> None:
    lines, at = 0, next_line(0.0)
    while at < seconds:
        lines, at = lines + 1, next_line(at)
    assert lines <= most
