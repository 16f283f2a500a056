"""What the documentation shows runs: its commands, programs and configurations.

A page's blocks run in order in a copy of the project. Its ``results/ml-100k`` is the completed
smoke experiment, in which two items have titles of MovieLens. On a page that runs an experiment,
models and searches are as small as in the smoke experiment, so that the run takes seconds.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from project import COPIED, ROOT, SECONDS, SMOKE, Project, copied, environment
from snakemake.utils import update_config

from blendmf.common.digests import digest_file
from blendmf.data.tables import read_table, write_table
from blendmf.ingest.precheck import checked
from snippets import Block, blocks_of

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").glob("**/*.md")),
]
BLOCKS = {page.relative_to(ROOT).as_posix(): blocks_of(page) for page in PAGES}
GENERATED = "docs/reference/command-line.md"
"""Its examples are those of the help, with the reader's files; hand-written pages are run."""

RUN, CHECKED, SHOWN = ("bash", "python"), ("yaml",), ("text", "tex", "r", "sql", "json")
TITLES = {1: "Toy Story", 50: "Star Wars"}


def runs(block: Block) -> bool:
    return block.language in RUN and block.not_run is None


@pytest.mark.parametrize("page", BLOCKS)
def test_every_block_says_what_it_is(page: str) -> None:
    unknown = [b.line for b in BLOCKS[page] if b.language not in (*RUN, *CHECKED, *SHOWN)]
    assert unknown == [], f"{page}: blocks without one of the known languages, at these lines"


def test_blocks_that_do_not_run_have_a_reason_and_are_fewer_than_the_others() -> None:
    of_all = [(page, b) for page, blocks in BLOCKS.items() if page != GENERATED for b in blocks]
    skipped = [(page, block) for page, block in of_all if block.not_run is not None]
    assert [f"{page}:{block.line}" for page, block in skipped if not block.not_run] == []
    executed = [block for _, block in of_all if runs(block)]
    configurations = [b for _, b in of_all if b.language in CHECKED and b.not_run is None]
    print(f"{len(executed)} blocks run, {len(configurations)} configurations, {len(skipped)} not:")
    print("\n".join(f"  {page}:{block.line}: {block.not_run}" for page, block in skipped))
    assert len(skipped) < len(executed) + len(configurations)


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(block, id=f"{page}:{block.line}")
        for page, blocks in BLOCKS.items()
        for block in blocks
        if block.language in CHECKED and block.not_run is None
    ],
)
def test_a_configuration_is_accepted(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    update_config(config, yaml.safe_load(block.text))
    checked(config)


@pytest.fixture(scope="module")
def finished(smoke: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the smoke experiment, with the titles that pages mention."""
    folder = tmp_path_factory.mktemp("finished") / "ml-100k"
    shutil.copytree(smoke.run / "results/synthetic", folder)
    file = folder / "matrices/items.parquet"
    items = read_table(file)
    items["title"] = items["item_id"].map(TITLES).fillna(items["title"])
    write_table(file, items)
    digest_file(file).unlink()
    return folder


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    """A copy of the project with the results of ml-100k."""
    folder = tmp_path / "project"
    copied((*COPIED, "docs/examples"), folder)
    (folder / "results").mkdir()
    (folder / "results/ml-100k").symlink_to(finished)
    return folder


def make_smaller(configuration: Path) -> None:
    """Give a configuration the settings of the smoke experiment, and only three factorisations."""
    config = yaml.safe_load(configuration.read_text(encoding="utf-8"))
    smaller = yaml.safe_load((ROOT / SMOKE).read_text(encoding="utf-8"))
    del smaller["dataset"]
    update_config(config, smaller)
    models = config["models"]
    config["models"] = {name: models[name] for name in ("mf", "mf-content", "bayes-content")}
    configuration.write_text(yaml.safe_dump(config), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page, blocks in BLOCKS.items() if any(map(runs, blocks))]
)
def test_a_page_runs(page: str, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(copy)
    if any("blendmf run " in block.text for block in filter(runs, BLOCKS[page])):
        make_smaller(copy / "config.yaml")
    own = environment(copy)
    own["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"
    names = {"__name__": "page"}
    for block in filter(runs, BLOCKS[page]):
        place = f"{page}:{block.line}"
        if block.language == "python":
            exec(compile(block.text, place, "exec"), names)  # noqa: S102
            continue
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text],
            cwd=copy,
            env=own,
            timeout=SECONDS,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"{place}\n{done.stdout}"
