"""Commands refuse results that are damaged, or of other users and items."""

from pathlib import Path

import numpy as np
import pytest

from blendmf.common.digests import digest_file, write_digests
from blendmf.common.files import write_json, write_sparse
from blendmf.models.baselines import PopularityModel
from blendmf.models.model import save_model
from damaging import damaged
from finished_run import add_model, ask, refused, write_run

READ = {
    "results films": ["comparison/table.csv", "comparison/summary.json", "manifest.json"],
    "compare bias mean": ["comparison/differences.csv", "manifest.json"],
    "compare results/films elsewhere/other": ["comparison/table.csv", "manifest.json"],
    "predict --user 5 --item-id 20 --model bias": [
        *("models/bias/seed-1/model.npz", "matrices/users.parquet", "matrices/items.parquet"),
        *("matrices/train.npz", "matrices/test.npz", "data/source.json"),
    ],
    "recommend --user 5": ["comparison/table.csv", "models/bias/seed-1/model.npz"],
    "explain --user 5 --item-id 10 --model bias": ["models/bias/seed-1/fit.json"],
    "similar --item-id 10 --by words": ["content/tfidf.npz"],
    "export predictions --model bias": ["matrices/validation.npz"],
}
"""Commands, and some of the files that they read."""

CASES = [(command, name) for command, names in READ.items() for name in names]


@pytest.fixture
def sealed(run: Path) -> Path:
    """A finished run whose results have digests, and another one to compare with."""
    write_sparse(run / "content/tfidf.npz", np.eye(5, dtype=np.float32))
    write_run(Path("elsewhere/other"))
    for path in [path for path in run.rglob("*") if path.is_file()]:
        write_digests(path)
    return run


@pytest.mark.parametrize(("command", "name"), CASES)
def test_a_command_names_the_damaged_file(command: str, name: str, sealed: Path, capsys) -> None:
    ask(capsys, command)
    path = sealed / name
    for content in damaged(path.read_bytes(), 2, name):
        path.write_bytes(content)
        assert f"{path}: was changed after it was written; delete it and run snakemake again" in (
            " ".join(refused(capsys, command).split())
        )


def test_the_results_of_a_renamed_data_set_can_be_asked(sealed: Path, capsys) -> None:
    for moved in ("results/earlier", "kept/earlier"):
        Path(moved).parent.mkdir(exist_ok=True)
        sealed = sealed.rename(moved)
        command = f"predict --user 5 --item-id 20 --model bias --results {moved}"
        ask(capsys, command)
        path = sealed / "models/bias/seed-1/model.npz"
        kept = {file: file.read_bytes() for file in (path, digest_file(path))}
        other = sealed / "models/bias/seed-2/model.npz"
        path.write_bytes(other.read_bytes())
        digest_file(path).write_bytes(digest_file(other).read_bytes())
        assert "in the place of another file" in " ".join(refused(capsys, command).split())
        for file, content in kept.items():
            file.write_bytes(content)


def test_a_model_of_other_users_or_items_is_refused(run: Path, capsys) -> None:
    command = "recommend --user 5 --model new"
    write_json(run / "models/new/seed-1/fit.json", {"settings": {"kind": "popularity"}})
    path = run / "models/new/seed-1/model.npz"
    save_model(path, PopularityModel(3, np.arange(5)), "0" * 64)
    assert f"{path}: a model of other users and items" in " ".join(refused(capsys, command).split())
    add_model(run, "new/seed-1", PopularityModel(4, np.arange(6)))
    message = " ".join(refused(capsys, command).split())
    assert "its files have different numbers of users and items" in message
    add_model(run, "new/seed-1", PopularityModel(3, np.arange(5)))
    ask(capsys, command)
