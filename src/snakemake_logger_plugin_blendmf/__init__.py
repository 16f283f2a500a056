"""The console of a run: a plan, one live line, the answer or what failed.

Snakemake finds this package by its name; ``logger: blendmf`` in a profile selects it. Without it,
or with ``--logger-blendmf-plain``, Snakemake's own output appears, which has the plan and the
answer too: both are ordinary log messages of the workflow.
"""

import logging
import sys
from dataclasses import dataclass, field

from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

from snakemake_logger_plugin_blendmf.run import Run
from snakemake_logger_plugin_blendmf.screen import Screen

NOT_SHOWN = ("Assuming unrestricted shared filesystem usage.", "Config file ")
"""Beginnings of what Snakemake says before every run."""


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """Settings of the plugin: options ``--logger-blendmf-...`` of snakemake."""

    plain: bool = field(
        default=False,
        metadata={"help": "Show Snakemake's own output of every job, as without this plugin."},
    )


class LogHandler(LogHandlerBase):
    """Show a run to a person, and leave everything that is not a run to Snakemake's own handler.

    Dry runs, ``--lint``, ``--summary``, ``--rulegraph`` and the like are not runs; ``--verbose``,
    ``--debug-dag`` and ``--printshellcmds`` ask for Snakemake's own output.
    """

    settings: LogHandlerSettings

    def __post_init__(self) -> None:
        common = self.common_settings
        self._quiet = {str(choice) for choice in common.quiet or ()}
        stream = sys.stdout if common.stdout else sys.stderr
        self._snakemakes = self._own_handler(stream)
        asked = (common.dryrun, common.verbose, common.debug_dag, common.printshellcmds)
        self._always_plain = self.settings.plain or any(asked)
        # A full disk ends the run with a message of its own; here every line of the log file fails.
        logging.raiseExceptions = self._always_plain
        self._run: Run | None = None
        self._screen = Screen(stream, colour=not common.nocolor)

    def _own_handler(self, stream: object) -> logging.Handler:
        """Snakemake's handler, which lets errors pass even with ``--quiet all``."""
        common = self.common_settings
        asked = (common.debug_dag, common.verbose, common.dryrun, common.printshellcmds)
        snakemakes = DefaultFilter(common.quiet, *asked)
        formatter = DefaultFormatter(common.quiet, common.show_failed_logs)
        handler = ColorizingTextHandler(common.nocolor, stream, formatter)
        handler.addFilter(
            lambda record: record.levelno >= logging.ERROR or snakemakes.filter(record)
        )
        return handler

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record, or take note of it."""
        if self._always_plain:
            self._snakemakes.handle(record)
            return
        event = getattr(record, "event", None)
        if event == LogEvent.WORKFLOW_STARTED and self._run is None:
            self._run = Run(self._screen, self._quiet, self.lock)
        elif self._run is not None:
            self._run.take(record)
        elif event == LogEvent.ERROR:
            # The configuration or the workflow cannot be read.
            self._run = Run(self._screen, self._quiet, self.lock)
            self._run.take(record)
        elif not record.getMessage().startswith(NOT_SHOWN):
            self._snakemakes.handle(record)

    def close(self) -> None:
        """Show what failed, below everything else."""
        if self._run is not None:
            self._run.end()
            self._run = None
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        """It replaces Snakemake's handler of the terminal."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Snakemake writes its log file itself."""
        return False

    @property
    def has_filter(self) -> bool:
        """Snakemake's filter would hide errors with ``--quiet all``."""
        return True

    @property
    def has_formatter(self) -> bool:
        """The text is its own."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """It draws no graph."""
        return False
