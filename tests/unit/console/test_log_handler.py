"""The plugin as Snakemake finds and uses it."""

import logging
from typing import Any

import pytest
from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry
from snakemake_interface_logger_plugins.tests import MockOutputSettings, TestLogHandlerBase

from snakemake_logger_plugin_blendmf import LogHandler, LogHandlerSettings


class TestByTheRulesOfTheInterface(TestLogHandlerBase):
    __test__ = True

    def get_log_handler_cls(self) -> type[LogHandler]:
        return LogHandler

    def get_log_handler_settings(self) -> LogHandlerSettings:
        return LogHandlerSettings()


def test_snakemake_finds_it_with_its_option() -> None:
    plugin = LoggerPluginRegistry().get_plugin("blendmf")
    assert plugin.log_handler is LogHandler
    assert plugin.settings_cls is LogHandlerSettings


def record(message: str, level: int = logging.INFO, **facts: Any) -> logging.LogRecord:
    made = logging.LogRecord("snakemake", level, "", 0, message, (), None)
    vars(made).update(facts)
    return made


def handler(*, plain: bool = False, **changes: Any) -> LogHandler:
    common = MockOutputSettings()
    vars(common).update({"printshellcmds": False} | changes)
    return LogHandler(common, LogHandlerSettings(plain=plain))


STARTED = {
    "event": LogEvent.WORKFLOW_STARTED,
    **dict.fromkeys(("datetime", "workflow_id", "platform", "host", "user", "cmd", "basedir"), "x"),
    **dict.fromkeys(("snakemake_version", "python_version", "snakefile_main", "rundir"), "x"),
    **dict.fromkeys(("cwd", "configfiles", "config_md5"), "x"),
}


def test_what_is_no_run_is_left_to_snakemake(capsys: pytest.CaptureFixture[str]) -> None:
    made = handler()
    made.handle(record("Assuming unrestricted shared filesystem usage."))
    made.handle(record("Congratulations, your workflow is in a good condition!"))
    made.close()
    assert capsys.readouterr().err == "Congratulations, your workflow is in a good condition!\n"


def test_a_run_does_not_show_what_snakemake_says(capsys: pytest.CaptureFixture[str]) -> None:
    made = handler()
    made.handle(record("Workflow has started!", **STARTED))
    made.handle(record("Building DAG of jobs..."))
    made.handle(record("The plan", part="plan", expected=1.0, seconds={1: 1.0}))
    made.close()
    assert capsys.readouterr().err == "The plan\n"


@pytest.mark.parametrize(
    "asked",
    [{"plain": True}, {"verbose": True}, {"debug_dag": True}, {"printshellcmds": True}],
)
def test_snakemakes_own_output_has_the_plan_too(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    made = handler(**asked)
    made.handle(record("Workflow has started!", **STARTED))
    made.handle(record("Building DAG of jobs..."))
    made.handle(record("The plan", part="plan", expected=1.0, seconds={1: 1.0}))
    made.close()
    shown = capsys.readouterr().err
    assert "SNAKEMAKE" in shown
    assert shown.endswith("Building DAG of jobs...\nThe plan\n")


@pytest.mark.parametrize("plain", [True, False])
def test_errors_are_told_with_quiet_all(plain: bool, capsys: pytest.CaptureFixture[str]) -> None:
    made = handler(plain=plain, quiet={Quietness.ALL})
    made.handle(record("Building DAG of jobs..."))
    made.handle(record("seeds: wrong", logging.ERROR, event=LogEvent.ERROR))
    made.close()
    shown = capsys.readouterr().err
    assert "seeds: wrong" in shown
    assert "Building" not in shown
