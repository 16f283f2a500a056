# What a run tells on the console: the plan before it, the answer after it.
#
# These are log messages for every logger. `part` tells blendmf's own (snakemake_logger_plugin_blendmf)
# which is which; it also takes the jobs' expected seconds for its live line.
from blendmf.common.digests import intact
from blendmf.common.files import read_json
from blendmf.report.console import closing, plan
from blendmf.resources.durations import Planned, expected_run, expected_seconds

COSTED_AS = {
    "final_content": "content",
    "evaluate_seeds": "evaluate",
    "train_chain": "train",
    "train_seeds": "train",
}


def planned(job) -> Planned:
    """Expected duration of a job of the workflow; rules that only collect files take no time."""
    name = COSTED_AS.get(job.rule.name, job.rule.name)
    predicted = name in costs.RULES
    sized = (
        with_seeds(job.wildcards) if job.rule.name == "train_seeds" else job.wildcards
    )
    return Planned(
        expected_seconds(JOB_SIZES.job(name, sized)) if predicted else 0.0,
        job.threads,
        [needed.jobid for needed in workflow.dag.dependencies[job]],
    )


def say(text: str, part: str, **facts) -> None:
    logger.info(text, extra={"part": part, **facts})


onstart:
    jobs = {job.jobid: planned(job) for job in workflow.dag.needrun_jobs()}
    cores = None if workflow.non_local_exec else workflow.cores
    expected = expected_run(jobs, cores or workflow.nodes or 1)
    sizes = {
        name: JOB_SIZES.job("split", {"dataset": name}).size for name in DATA_SETS
    }
    say(
        plan(EXPERIMENT, sizes, len(jobs), cores, expected),
        "plan",
        expected=expected,
        seconds={number: job.seconds for number, job in jobs.items()},
    )


def closing_of(name: str) -> list[str]:
    """Closing lines of a data set, if its outcome was written by this run or an earlier one."""
    folder = Path(RESULTS, name)
    brief = folder / "comparison/summary.json"
    if not brief.is_file():
        return []
    return [
        closing(
            read_json(intact(brief)),
            folder / "report.html",
            folder / "comparison/outcome.rst",
            only_answer=len(DATA_SETS) > 1,
        )
    ]


onsuccess:
    texts = [text for name in DATA_SETS for text in closing_of(name)]
    say("\n".join(texts or ["Done."]), "closing")
