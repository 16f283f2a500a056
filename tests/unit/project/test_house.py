"""The layout of the library: rooms on floors, imports that point down, nothing loose."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "src" / "blendmf"

FLOORS = [
    {"common"},
    {"config", "data", "models"},
    {"ingest", "training", "evaluation", "audits"},
    {"search", "resources", "studies", "recommend"},
    {"report"},
    {"scripts", "benchmarks"},
]
"""The rooms of each floor, lowest floor first. An import may point down or along its floor."""

FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
OUTSIDE = {"scripts": ROOT / "scripts", "benchmarks": ROOT / "benchmarks"}


def rooms_of_imports(file: Path) -> set[str]:
    """Rooms of the library that a file imports from, inside functions too."""
    modules: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            modules += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
    parts = [module.split(".") for module in modules]
    return {module[1] for module in parts if module[0] == "blendmf" and len(module) > 1} | {
        "benchmarks" for module in parts if module[0] == "benchmarks"
    }


def arrows() -> dict[tuple[str, str], list[str]]:
    """Files that make each arrow from one room to another."""
    folders = {room: PACKAGE / room for room in FLOOR_OF if room not in OUTSIDE} | OUTSIDE
    found: dict[tuple[str, str], list[str]] = {}
    for room, folder in folders.items():
        for file in sorted(folder.rglob("*.py")):
            for other in rooms_of_imports(file) - {room}:
                found.setdefault((room, other), []).append(str(file.relative_to(ROOT)))
    return found


def test_every_room_has_a_floor_and_no_module_is_loose() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__"}
    assert rooms == FLOOR_OF.keys() - OUTSIDE.keys()
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py"}


def test_no_import_points_up() -> None:
    upward = {
        f"{room} -> {other}": files
        for (room, other), files in arrows().items()
        if FLOOR_OF[other] > FLOOR_OF[room]
    }
    assert upward == {}


def test_imports_between_rooms_make_no_circle() -> None:
    needs: dict[str, set[str]] = {}
    for room, other in arrows():
        needs.setdefault(room, set()).add(other)
    order = list(TopologicalSorter(needs).static_order())
    assert set(order) <= FLOOR_OF.keys()


def test_a_planted_import_is_seen_in_every_form(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(
        "import blendmf.report.rst\n"
        "from blendmf.search import plan\n"
        "from blendmf import studies\n"
        "def later():\n    from blendmf.resources.costs import Job\n"
    )
    assert rooms_of_imports(planted) == {"report", "search", "studies", "resources"}


@pytest.mark.parametrize("room", sorted(FLOOR_OF))
def test_packages_hand_on_names_or_are_empty(room: str) -> None:
    folder = OUTSIDE.get(room, PACKAGE / room)
    for file in folder.rglob("__init__.py"):
        body = ast.parse(file.read_text(encoding="utf-8")).body
        allowed = (ast.Import, ast.ImportFrom, ast.Assign, ast.Expr)
        assert all(isinstance(statement, allowed) for statement in body), file


def test_tests_mirror_the_library() -> None:
    rooms = {path.name for path in (ROOT / "tests" / "unit").iterdir() if path.is_dir()}
    assert rooms - {"__pycache__", "project"} <= FLOOR_OF.keys()
