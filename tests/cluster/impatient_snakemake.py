"""Snakemake that asks for the state of its Slurm jobs every two seconds.

The executor plugin itself waits ten seconds longer after each query without news.
"""

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

SECONDS = 2

RemoteExecutor.next_seconds_between_status_checks = property(
    lambda _: SECONDS, lambda _, _seconds: None
)

if __name__ == "__main__":
    main()
