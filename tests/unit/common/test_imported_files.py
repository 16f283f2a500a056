import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blendmf.common import imported_files as module
from blendmf.common.imported_files import PACKAGE, imported_files, make_importable

SCRIPTS = sorted((Path(__file__).parents[3] / "scripts").glob("*.py"))

# Executes the imports of each script, including imports inside functions of imported modules.
RUN_THE_IMPORTS = """
import ast, json, sys
from pathlib import Path

def loaded():
    return {m.__file__ for name, m in sys.modules.items() if name.startswith("blendmf.")}

files = {}
for script in sys.argv[1:]:
    for name in [name for name in sys.modules if name.split(".")[0] == "blendmf"]:
        del sys.modules[name]
    waiting, done = {script}, set()
    while waiting:
        file = waiting.pop()
        done.add(file)
        for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                exec(ast.unparse(node), {})
        waiting |= loaded() - done
    files[script] = sorted(file for file in loaded() if not file.endswith("__init__.py"))
print(json.dumps(files))
"""


@pytest.mark.slow
def test_the_files_of_a_script_equal_those_its_imports_load() -> None:
    command = [sys.executable, "-c", RUN_THE_IMPORTS, *map(str, SCRIPTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout)
    assert len(loaded) > 20
    found = {str(script): [str(file) for file in imported_files(script)] for script in SCRIPTS}
    assert found == loaded


def test_every_form_of_library_import_is_followed_and_no_other(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import json\n"
        "import blendmf.common.errors\n"
        "from blendmf.common import random_streams\n"
        "def later():\n    from blendmf.common.imported_files import imported_files\n"
    )
    names = ("errors", "imported_files", "random_streams", "wording")
    assert imported_files(script) == [PACKAGE / f"common/{name}.py" for name in names]


def test_the_digest_changes_with_an_edit_but_not_with_a_touch(tmp_path, monkeypatch) -> None:
    package = tmp_path / "blendmf"
    shutil.copytree(PACKAGE, package)
    monkeypatch.setattr(module, "PACKAGE", package)
    script = SCRIPTS[0]

    def digest() -> str:
        module._direct_imports.cache_clear()
        return module.code_digest(script)

    before = digest()
    (package / "common" / "files.py").touch()
    (package / "training" / "loop.py").open("a").write("# not imported by this script\n")
    assert digest() == before
    (package / "common" / "files.py").open("a").write("# an edit\n")
    assert digest() != before
    module._direct_imports.cache_clear()


def test_child_processes_import_from_the_folder_first(tmp_path, monkeypatch):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "planted.py").write_text("where = 'new'")
    (tmp_path / "planted.py").write_text("where = 'old'")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    make_importable(tmp_path / "new")
    command = [sys.executable, "-c", "import planted; print(planted.where)"]
    assert subprocess.check_output(command, text=True).strip() == "new"
    monkeypatch.delenv("PYTHONPATH")
    make_importable(tmp_path)
    assert subprocess.check_output(command, text=True).strip() == "old"
