"""A small made-up results folder of one data set, and the way to ask it commands."""

import shlex
from pathlib import Path

import pandas as pd

from blendmf.commands.entry import main
from blendmf.common.files import read_json, write_csv, write_json, write_sparse
from blendmf.data.matrices import matrices
from blendmf.data.tables import write_table
from blendmf.models.baselines import PopularityModel, fit_bias, fit_global_mean
from blendmf.models.model import Model, save_model
from blendmf.models.observations import Observations

PARTS = ("train", "validation", "test")
TITLES = {
    10: ("Beautiful Mind, A (2001)", 2001),
    20: ("Toy Story", 1995),
    30: ("Toy Story 2", 1999),
    40: ("Amélie", 2001),
    50: ("Toys", 1992),
}
TRAIN = [(5, 20, 5.0), (5, 30, 4.0), (7, 10, 2.0), (7, 30, 3.0), (8, 30, 5.0), (8, 20, 4.0)]
VALIDATION = [(5, 40, 3.0)]
TEST = [(5, 10, 4.0), (7, 50, 1.0)]


def write_run(folder: Path, user_ids: type = int) -> None:
    """Write models, matrices and the comparison of a run."""

    def table(rows):
        frame = pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]).assign(timestamp=0)
        return frame.astype({"user_id": user_ids, "rating": "float32"})

    items = pd.DataFrame(
        {
            "item_id": list(TITLES),
            "title": [title for title, _ in TITLES.values()],
            "year": pd.array([year for _, year in TITLES.values()], dtype="Int64"),
            "genres": [[] for _ in TITLES],
        }
    )
    made = matrices(*(table(rows) for rows in (TRAIN, VALIDATION, TEST)), items)
    for part in PARTS:
        write_sparse(folder / "matrices" / f"{part}.npz", getattr(made, part))
    write_table(folder / "matrices/users.parquet", made.users)
    write_table(folder / "matrices/items.parquet", made.items)
    write_json(folder / "matrices/index.json", made.index_facts)
    write_json(folder / "data/source.json", {"rating_range": [1.0, 5.0]})
    train = Observations.from_matrix(made.train)
    models = {
        "bias": fit_bias(train, (1.0, 5.0), user_shrinkage=1.0, item_shrinkage=1.0),
        "mean": fit_global_mean(train, (1.0, 5.0)),
        "popularity": PopularityModel.fit(train),
    }
    kinds = {"bias": "bias", "mean": "global-mean", "popularity": "popularity"}
    for name, model in models.items():
        for seed in (1, 2):
            place = folder / f"models/{name}/seed-{seed}"
            add_model(folder, f"{name}/seed-{seed}", model)
            write_json(place / "fit.json", {"settings": {"kind": kinds[name]}})
    write_comparison(folder)


def add_model(folder: Path, name: str, model: Model) -> None:
    """Write the file of a model of the run, such as ``mf/seed-1``."""
    index = read_json(folder / "matrices/index.json")["sha256"]
    save_model(folder / "models" / name / "model.npz", model, index)


def write_comparison(folder: Path) -> None:
    """Write the tables of the comparison, its answer and the manifest."""
    ranked = {"model": ["gone", "bias", "mean"], "rmse": [0.8, 0.9, 1.0]}
    table = pd.DataFrame({**ranked, "rmse_low": 0.7, "full_ndcg_at_k": [0.5, 0.25, None]})
    write_csv(folder / "comparison/table.csv", table)
    differences = pd.DataFrame(
        {
            "metric": ["rmse", "rated_ndcg_at_k"],
            "model_a": "bias",
            "model_b": "mean",
            "difference": [-0.1, 0.0],
            "low": [-0.2, -0.1],
            "high": [-0.05, 0.1],
            "p_value": [0.0001, 0.5],
            "p_holm": [0.0003, 1.0],
            "relative_percent": [-10.0, 0.0],
            "effect_size": [-0.5, 0.0],
            "share_a_better": [0.75, 0.5],
            "seed_sd": [0.001, 0.001],
            "n_users": 3,
        }
    )
    write_csv(folder / "comparison/differences.csv", differences)
    metrics = {"model": ["bias", "mean"], "metric": "rmse", "mean": [0.9, 1.0]}
    write_csv(
        folder / "comparison/metrics.csv",
        pd.DataFrame({**metrics, "low": [0.8, None], "high": [1.0, None]}),
    )
    write_json(folder / "comparison/summary.json", {"answer": "Yes: it helps."})
    write_json(
        folder / "manifest.json",
        {"configuration": {"seed": 42, "split": {"scheme": "random"}, "evaluation": {"k": 10}}},
    )


def ask(capsys, command: str) -> str:
    """What a command prints; it must succeed."""
    status = main(shlex.split(command))
    printed = capsys.readouterr()
    assert status == 0, printed.err
    return printed.out


def refused(capsys, command: str) -> str:
    """The message of a command that must be refused."""
    assert main(shlex.split(command)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "blendmf: " in printed.err
    return printed.err
