"""Snakemake in forks of one process that has imported it and its libraries, which takes seconds.

A fork gets the arguments and variables of a ``python -m snakemake`` and imports the project's
library itself. The process that forks ends with the one that started it.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path

IMPORTED = (
    *("snakemake.cli", "snakemake.report.html_reporter", "snakemake_storage_plugin_s3"),
    *("nbformat", "pandas", "pydantic", "pyarrow", "scipy.sparse"),
)
"""What planning a run imports, except for the project's library."""

PROJECT = {"blendmf", "snakemake_logger_plugin_blendmf"}


@cache
def server() -> "subprocess.Popen[str]":
    """The process that forks; one for each test process."""
    return subprocess.Popen(
        [sys.executable, __file__],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def forked(
    arguments: Sequence[str], environment: Mapping[str, str], seconds: int
) -> subprocess.CompletedProcess[str]:
    """Run ``snakemake`` with these arguments, for at most `seconds`; stdout has stderr, too."""
    process = server()
    assert process.stdin
    assert process.stdout
    with tempfile.NamedTemporaryFile("r", encoding="utf-8", prefix="snakemake-") as output:
        facts = [output.name, seconds, list(arguments), dict(environment)]
        print(json.dumps(facts), file=process.stdin, flush=True)
        status = int(process.stdout.readline())
        return subprocess.CompletedProcess(arguments, status, output.read())


def serve() -> None:
    """Fork for each line of stdin; write the exit status of each fork to stdout."""
    for module in IMPORTED:
        import_module(module)
    assert not PROJECT & {name.split(".")[0] for name in sys.modules}
    for line in sys.stdin:
        child = os.fork()
        if not child:
            become_snakemake(*json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def become_snakemake(
    output: str, seconds: int, arguments: list[str], environment: dict[str, str]
) -> None:
    """Do in this fork what ``python -m snakemake`` does; exit with its status."""
    signal.alarm(seconds)
    for stream, path in ((0, os.devnull), (1, output), (2, output)):
        os.dup2(os.open(path, os.O_RDWR | os.O_APPEND), stream)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:1] = environment["PYTHONPATH"].split(os.pathsep)
    sys.argv = ["snakemake", *arguments]
    sys.modules["snakemake.cli"].main()
    sys.exit(0)


if __name__ == "__main__":
    serve()
