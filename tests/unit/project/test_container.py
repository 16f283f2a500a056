"""The Dockerfile, parsed but not built."""

import json
import re
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[3]
READ_BY_A_RUN = {
    "Snakefile",
    "config.yaml",
    "environment.yml",
    "profiles",
    "workflow",
    "scripts",
    "src",
}
QUIET = (" --quiet", " --disable-pip-version-check")


def instructions() -> list[tuple[str, str]]:
    """Instructions of the Dockerfile and their arguments, each on one line."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if line and not line.startswith("#"))
    joined = re.sub(r"\s*\\\n\s*", " ", text).splitlines()
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in joined]


def arguments_of(name: str) -> list[str]:
    return [argument for instruction, argument in instructions() if instruction == name]


def copied() -> list[str]:
    return [source for copy in arguments_of("COPY") for source in copy.split()[:-1]]


def python_steps(text: str) -> list[str]:
    """Arguments of `python -m` commands in order, except the creation of an environment."""
    steps = re.findall(r"python -m ((?:pip|blendmf)\S* ?[^&\n]*)", text)
    for option in QUIET:
        steps = [step.replace(option, "") for step in steps]
    return [step.strip() for step in steps]


def test_the_image_and_the_makefile_run_the_same_setup_steps() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.partition("\n$(VENV)/run:")[2].partition("\n\n")[0]
    steps = python_steps("\n".join(arguments_of("RUN")))
    assert steps == python_steps(recipe)
    assert steps[0] == "pip install --constraint constraints.txt --requirement requirements.txt"


def test_the_image_uses_the_oldest_supported_python() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (required,) = re.findall(r'requires-python = ">=([\d.]+),', pyproject)
    assert f"PYTHON={required}" in arguments_of("ARG")
    assert arguments_of("FROM") == ["python:${PYTHON}-slim-bookworm"]


def test_packages_are_installed_before_the_code_is_copied() -> None:
    order = [(instruction, argument) for instruction, argument in instructions()]
    install = next(n for n, (_, argument) in enumerate(order) if "requirements.txt" in argument)
    code = order.index(("COPY", "src src"))
    before = [argument for instruction, argument in order[:code] if instruction == "COPY"]
    assert before[0] == "requirements.txt constraints.txt ./"
    assert install < code


def test_the_image_contains_every_file_a_run_reads() -> None:
    assert set(copied()) >= READ_BY_A_RUN
    assert [source for source in copied() if not (ROOT / source).exists()] == []
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert {"README.md", "LICENSE"} <= set(re.findall(r'"([A-Z]+(?:\.md)?)"', pyproject))
    assert {"README.md", "LICENSE"} <= set(copied())


def test_the_build_context_contains_exactly_the_copied_files() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    assert {pattern[1:] for pattern in patterns if pattern.startswith("!")} == set(copied())
    left_out = [pattern for pattern in patterns[1:] if not pattern.startswith("!")]
    for cache in ("src/blendmf/__pycache__", "src/blendmf.egg-info"):
        assert any(fnmatch(cache, pattern) for pattern in left_out)


def test_the_image_runs_as_non_root_and_its_entry_files_exist() -> None:
    (user,) = arguments_of("USER")
    assert all(number.isdecimal() and int(number) > 0 for number in user.split(":"))
    (command,) = arguments_of("CMD")
    folder = f"{arguments_of('WORKDIR')[0]}/"
    held = [part.removeprefix(folder) for part in json.loads(command) if part.startswith(folder)]
    assert len(held) == 2
    assert all((ROOT / path).exists() and Path(path).parts[0] in copied() for path in held)


def test_the_dockerfile_does_not_name_a_registry_host() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"\w+://|\b[\w-]+\.(?:com|io|net|org)\b", text) == []
