import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[a-z0-9,]+\])?==([A-Za-z0-9.+]+)")


def pins(lines: list[str]) -> dict[str, str]:
    """Version by PEP 503-normalised name; every line must be an exact pin."""
    found = {}
    for line in lines:
        pin = PIN.fullmatch(line)
        assert pin, f"no exact pin: {line}"
        found[re.sub(r"[-_.]+", "-", pin[1]).lower()] = pin[2]
    return found


def pins_of(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return pins([line for line in lines if line and not line.startswith("#")])


def test_the_conda_environment_has_the_pins_of_the_requirements() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert {re.split("[=<> ]", entry)[0] for entry in conda} == {"python", "pip"}
    assert pins(pip) == pins_of("requirements.txt")


REQUIREMENTS = [
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-docs.txt",
    "requirements-slurm.txt",
]


@pytest.mark.parametrize("requirements", REQUIREMENTS)
def test_the_constraints_have_the_pins_of_the_requirements(requirements: str) -> None:
    required, constrained = pins_of(requirements), pins_of("constraints.txt")
    assert {name: constrained.get(name, pin) for name, pin in required.items()} == required
    assert len(required) > 1
