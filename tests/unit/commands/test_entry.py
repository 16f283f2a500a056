import resource
import shlex
import subprocess
import sys
from importlib.metadata import version

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from blendmf.commands.app import app
from blendmf.commands.entry import main

COMMANDS = (
    *("init", "check", "run", "datasets", "results", "compare"),
    *("predict", "recommend", "similar", "explain", "export"),
)
EXPORTS = ("predictions", "recommendations", "factors", "study", "mlflow")


def test_the_version_is_printed_at_once():
    command = [sys.executable, "-m", "blendmf.commands.entry", "--version"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert printed == f"blendmf {version('blendmf')}\n"
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    assert used < 0.3, "seconds of processor time"


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("blendmf.commands.entry", {"typer", "rich", "numpy"}),
        ("blendmf.commands.app", {"numpy", "pandas", "snakemake", "torch", "numba", "optuna"}),
    ],
)
def test_help_and_completion_wait_for_no_heavy_library(module, heavy):
    check = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", check], capture_output=True, check=True)
    assert printed.stdout.decode().strip() == "[]"


def test_the_commands_are_those_of_the_documentation():
    commands = get_command(app).commands
    assert sorted(commands) == sorted(COMMANDS)
    assert sorted(commands["export"].commands) == sorted(EXPORTS)


@pytest.mark.parametrize("command", [*COMMANDS[:-1], *(f"export {name}" for name in EXPORTS)])
def test_every_help_has_two_or_three_examples(command):
    result = CliRunner().invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0
    _, _, examples = result.output.partition("Examples:")
    lines = [line for line in examples.splitlines() if f"blendmf {command}" in line]
    assert 2 <= len(lines) <= 3, result.output


def test_the_examples_of_the_help_have_only_known_options():
    def examples(group, prefix):
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from examples(command, [*prefix, name])
                continue
            options = {flag for param in command.params for flag in param.opts}
            for line in command.epilog.splitlines():
                if "blendmf" in line:
                    words = shlex.split(line.partition(" -- ")[0].partition(" > ")[0])
                    yield options, {word for word in words if word.startswith("-")}

    found = list(examples(get_command(app), []))
    assert len(found) > 25
    assert [used for options, used in found if used - options - {"--format"} - options] == []


def test_the_help_says_what_exit_codes_mean():
    printed = " ".join(CliRunner().invoke(app, ["--help"]).output.split())
    assert "Exit codes: 0 fine; 1 a job or the plan of snakemake failed; 2 something" in printed


@pytest.mark.parametrize(
    "command",
    [
        "predict --item toys",
        "recommend --user 5 -n 0",
        "recommend --user 5 -n many",
        "similar --item toys --by magic",
        "results --format xml",
        "nothing",
    ],
)
def test_wrong_arguments_end_with_status_2(capsys, command):
    assert main(shlex.split(command)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Usage: blendmf" in printed.err


def test_without_a_command_the_help_is_shown(capsys):
    assert main([]) == 2
    assert "Exit codes" in "".join(capsys.readouterr())


def test_a_mistake_is_one_line_without_a_traceback(tmp_path):
    command = [sys.executable, "-m", "blendmf.commands.entry", "results"]
    asked = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert asked.returncode == 2
    assert asked.stdout == ""
    assert asked.stderr.startswith("blendmf: results/: no folder with compared models here")
    assert asked.stderr.count("\n") == 1
