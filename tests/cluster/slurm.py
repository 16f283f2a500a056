"""A Slurm cluster of one controller and two nodes on this machine's loopback address."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

# Jobs of the executor plugin do not inherit SLURM_CONF: the file must be at the default path.
CONFIGURATION = Path("/etc/slurm/slurm.conf")
MARK = "# Of the tests in tests/cluster of blendmf, which remove it when they end.\n"
NODES = ("node1", "node2")
SECONDS = 60

# Nodes may claim more resources than the machine has, so that several jobs run at once. Each job
# goes to the least loaded node (LLN). Memory is checked every second; a job is killed if the
# processes of a step exceed its request. A job whose node fails is rerun after cred_expire seconds.
# There is no accounting: a text file records each finished job, which the controller forgets after
# MinJobAge.
SETTINGS = """\
ClusterName=blendmf
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller}
SlurmUser=root
AuthType=auth/none
AuthInfo=cred_expire=5
CredType=cred/none
MpiDefault=none
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=2,bf_interval=2
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/ended.txt
MinJobAge=300
KillWait=5
ReturnToService=1
SlurmdParameters=config_overrides
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
PartitionName=all Nodes=ALL LLN=YES Default=YES MaxTime=INFINITE State=UP
"""
NODE = "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=4 RealMemory=8000\n"


@dataclass(frozen=True)
class Job:
    """A job's final state, node and requested megabytes."""

    identifier: str
    state: str
    node: str
    memory: int


class Slurm:
    """A running Slurm with its files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.ended_jobs = folder / "ended.txt"

    def run(self, *command: str) -> str:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, check=True
        ).stdout

    def waiting_or_running(self) -> list[str]:
        """Identifiers of the unfinished jobs."""
        return self.run("squeue", "--noheader", "--format=%i").split()

    def running_on(self, node: str) -> list[str]:
        options = ("--noheader", "--format=%i", "--states=RUNNING", f"--nodelist={node}")
        return self.run("squeue", *options).split()

    def ended(self) -> list[Job]:
        """Finished jobs in order of completion; a requeued job is listed twice."""
        jobs = []
        for line in self.ended_jobs.read_text(encoding="utf-8").splitlines():
            facts = dict(fact.split("=", 1) for fact in line.split() if "=" in fact)
            memory = re.search(r"mem=(\d+)M", facts["Tres"])
            assert memory, line
            jobs.append(Job(facts["JobId"], facts["JobState"], facts["NodeList"], int(memory[1])))
        return jobs

    def nodes_up(self) -> set[str]:
        lines = self.run("sinfo", "--noheader", "--Node", "--format=%N %t").splitlines()
        return {node for node, state in map(str.split, lines) if state in ("idle", "mix", "alloc")}

    def set_down(self, node: str) -> None:
        self.run("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=test")

    def resume(self, node: str) -> None:
        if node not in self.nodes_up():
            self.run("scontrol", "update", f"NodeName={node}", "State=RESUME")
        wait_until(lambda: node in self.nodes_up(), f"{node} is up")


def wait_until(holds: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"{what}: not within {seconds} seconds"
        time.sleep(0.2)


def obstacle() -> str | None:
    """Why no Slurm can be started here."""
    if os.geteuid() != 0:
        return f"Only root can start a Slurm: its configuration must stand at {CONFIGURATION}."
    if CONFIGURATION.exists() and not CONFIGURATION.read_text(encoding="utf-8").startswith(MARK):
        return f"{CONFIGURATION} is another Slurm's, which the tests would put out of action."
    return None


def free_ports(n: int) -> list[int]:
    with ExitStack() as stack:
        bound = [stack.enter_context(socket.socket()) for _ in range(n)]
        for each in bound:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in bound]


def configuration(folder: Path) -> str:
    controller, *ports = free_ports(1 + len(NODES))
    host = socket.gethostname().split(".")[0]
    nodes = [
        NODE.format(name=name, host=host, port=port)
        for name, port in zip(NODES, ports, strict=True)
    ]
    return MARK + "".join(nodes) + SETTINGS.format(folder=folder, controller=controller)


@contextmanager
def daemon(folder: Path, *command: str) -> Iterator[None]:
    """Run a daemon in the foreground; it is also killed with these tests."""
    name = "-".join(command).replace("--", "-")
    with (folder / f"{name}.log").open("w") as log:
        own = ("setpriv", "--pdeathsig", "TERM", *command)
        with subprocess.Popen(own, stdout=log, stderr=subprocess.STDOUT) as process:
            try:
                yield
            finally:
                process.terminate()


@contextmanager
def started(folder: Path) -> Iterator[Slurm]:
    """Start Slurm with its files in `folder`; on exit, cancel its jobs and stop it."""
    for name in ("state", *(f"spool-{node}" for node in NODES)):
        (folder / name).mkdir(parents=True)
    slurm = Slurm(folder)
    with ExitStack() as stack:
        CONFIGURATION.parent.mkdir(exist_ok=True)
        CONFIGURATION.write_text(configuration(folder), encoding="utf-8")
        stack.callback(CONFIGURATION.unlink)
        stack.enter_context(daemon(folder, "slurmctld", "-D"))
        for node in NODES:
            stack.enter_context(daemon(folder, "slurmd", "-D", "-N", node))
        wait_until(lambda: responds(slurm) and slurm.nodes_up() == set(NODES), "all nodes are up")
        stack.callback(clear, slurm)
        yield slurm


def responds(slurm: Slurm) -> bool:
    try:
        return "UP" in slurm.run("scontrol", "ping")
    except subprocess.CalledProcessError:
        return False


def clear(slurm: Slurm) -> None:
    """Cancel all jobs and wait until their processes have ended."""
    if jobs := slurm.waiting_or_running():
        slurm.run("scancel", *jobs)
    wait_until(lambda: not slurm.waiting_or_running(), "the queue is empty")
