"""Layout of the library: packages (rooms) in layers (floors), imports only downwards."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "src" / "blendmf"

FLOORS = [
    {"common"},
    {"config", "data", "models"},
    {"ingest", "training", "evaluation", "audits"},
    {"search", "resources", "studies", "recommend", "estimators"},
    {"report"},
    {"commands", "scripts", "benchmarks"},
]
"""The rooms of each floor, lowest floor first. An import may point down or along its floor."""

FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
OUTSIDE = {"scripts": ROOT / "scripts", "benchmarks": ROOT / "benchmarks"}


def imported_names(file: Path) -> set[str]:
    """Full names that a file imports, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def rooms_of_imports(file: Path) -> set[str]:
    """Rooms that a file imports from, inside functions too."""
    parts = [name.split(".") for name in imported_names(file)]
    within = {module[1] for module in parts if module[0] == "blendmf" and len(module) > 1}
    # What `blendmf` itself hands on, such as BayesianMF, is of the room of the estimators.
    rooms = {name if name in FLOOR_OF else "estimators" for name in within}
    return rooms | {module[0] for module in parts if module[0] == "benchmarks"}


def arrows() -> dict[tuple[str, str], list[str]]:
    """Files behind each import arrow between two rooms."""
    folders = {room: PACKAGE / room for room in FLOOR_OF if room not in OUTSIDE} | OUTSIDE
    found: dict[tuple[str, str], list[str]] = {}
    for room, folder in folders.items():
        for file in sorted(folder.rglob("*.py")):
            for other in rooms_of_imports(file) - {room}:
                found.setdefault((room, other), []).append(str(file.relative_to(ROOT)))
    return found


def test_every_package_has_a_floor_and_no_module_is_outside_a_package() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__"}
    assert rooms == FLOOR_OF.keys() - OUTSIDE.keys()
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py"}


def test_imports_never_point_to_a_higher_floor() -> None:
    upward = {
        f"{room} -> {other}": files
        for (room, other), files in arrows().items()
        if FLOOR_OF[other] > FLOOR_OF[room]
    }
    assert upward == {}


def test_imports_between_modules_are_acyclic() -> None:
    files = {
        ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts): file
        for file in PACKAGE.rglob("*.py")
    }
    needs = {module: imported_names(file) & files.keys() for module, file in files.items()}
    assert set(TopologicalSorter(needs).static_order()) == files.keys()


def test_every_form_of_import_is_detected(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(
        "import blendmf.report.rst\n"
        "from blendmf.search import plan\n"
        "from blendmf import studies\n"
        "def later():\n    from blendmf.resources.costs import Job\n"
    )
    assert rooms_of_imports(planted) == {"report", "search", "studies", "resources"}


@pytest.mark.parametrize("room", sorted(FLOOR_OF))
def test_package_inits_only_re_export_names(room: str) -> None:
    folder = OUTSIDE.get(room, PACKAGE / room)
    for file in folder.rglob("__init__.py"):
        body = ast.parse(file.read_text(encoding="utf-8")).body
        statements = body[1:] if ast.get_docstring(ast.Module(body, [])) else body
        assert all(isinstance(statement, ast.ImportFrom) for statement in statements), file


def test_tests_mirror_the_library() -> None:
    rooms = {path.name for path in (ROOT / "tests" / "unit").iterdir() if path.is_dir()}
    assert rooms - {"__pycache__", "project", "console"} == FLOOR_OF.keys() - {"scripts"}


def test_the_console_needs_only_the_lowest_floor_and_loads_nothing_heavy() -> None:
    """The logger plugin is loaded by every `snakemake`, whatever the workflow."""
    plugin = PACKAGE.with_name("snakemake_logger_plugin_blendmf")
    rooms = set().union(*map(rooms_of_imports, plugin.glob("*.py")))
    assert rooms == {"common"}
    heavy = ("numpy", "pandas", "scipy", "pyarrow", "numba", "torch", "sklearn", "rich", "tqdm")
    code = f"import sys, snakemake.logging; before = set(sys.modules); import {plugin.name}; "
    code += f"print(sorted(set({heavy}) & (set(sys.modules) - before)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
