"""Which PyTorch is installed."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest
import torch

from blendmf.resources.libraries import torch_with_cuda


def test_it_is_told_as_pytorch_itself_tells_it() -> None:
    assert torch_with_cuda() == (torch.version.cuda is not None)


@pytest.mark.parametrize(
    ("version", "platform", "with_cuda"),
    [
        ("2.13.0", "linux", True),
        ("2.13.0+cu130", "linux", True),
        ("2.13.0+cpu", "linux", False),
        ("2.13.0", "darwin", False),
    ],
)
def test_only_the_build_for_linux_that_is_not_cpu_only_has_cuda(
    version: str, platform: str, with_cuda: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blendmf.resources.libraries.version", lambda _: version)
    monkeypatch.setattr("sys.platform", platform)
    assert torch_with_cuda() == with_cuda


def test_one_that_jobs_bring_themselves_is_taken_for_the_larger(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(_: str) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr("blendmf.resources.libraries.version", missing)
    monkeypatch.setattr("sys.platform", "linux")
    assert torch_with_cuda()


def test_what_the_workflow_loads_to_plan_its_jobs_is_light() -> None:
    plan = ("requests", "job", "size", "libraries")
    imports = ", ".join(f"blendmf.resources.{module}" for module in plan)
    heavy = ("numpy", "pandas", "scipy", "pyarrow", "numba", "torch", "sklearn", "optuna")
    code = f"import sys, {imports}; print(sorted(set({heavy}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
