import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from blendmf.common.files import read_sparse, write_csv, write_json, write_sparse
from blendmf.data.matrices import matrices
from blendmf.data.tables import write_table
from blendmf.models.baselines import PopularityModel, fit_bias, fit_global_mean
from blendmf.models.observations import Observations
from blendmf.recommend.cli import main

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
    def table(rows):
        frame = pd.DataFrame(rows, columns=["user_id", "item_id", "rating"])
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
    for part in ("train", "validation", "test"):
        write_sparse(folder / "matrices" / f"{part}.npz", getattr(made, part))
    write_table(folder / "matrices/users.parquet", made.users)
    write_table(folder / "matrices/items.parquet", made.items)
    train = Observations.from_matrix(made.train)
    models = {
        "bias": fit_bias(train, (1.0, 5.0), user_shrinkage=1.0, item_shrinkage=1.0),
        "mean": fit_global_mean(train, (1.0, 5.0)),
        "popularity": PopularityModel.fit(train),
    }
    for name, model in models.items():
        for seed in (1, 2):
            model.save(folder / f"models/{name}/seed-{seed}/model.npz")
    ranked = pd.DataFrame({"model": ["gone", "bias", "mean"], "rmse": [0.8, 0.9, 1.0]})
    write_csv(folder / "comparison/table.csv", ranked)


@pytest.fixture
def run(tmp_path, monkeypatch) -> Path:
    write_run(tmp_path / "results/films")
    (tmp_path / "results/small-matrix").mkdir()
    monkeypatch.chdir(tmp_path)
    return Path("results/films")


def ask(capsys, command: str) -> str:
    status = main(shlex.split(command))
    printed = capsys.readouterr()
    assert status == 0, printed.err
    assert printed.err == ""
    return printed.out


def refused(capsys, command: str) -> str:
    assert main(shlex.split(command)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("blendmf: ")
    return printed.err


@pytest.mark.parametrize(
    ("user", "item", "known", "of_item"),
    [
        ("5", "20", "5 (train)", "2, mean 4.50"),
        ("5", "40", "3 (validation)", "1, mean 3.00"),
        ("5", "10", "4 (test)", "2, mean 3.00"),
        ("8", "40", "none", "1, mean 3.00"),
        ("99", "40", "none", "1, mean 3.00"),
    ],
)
@pytest.mark.usefixtures("run")
def test_prediction_known_rating_and_ratings_of_the_item(capsys, user, item, known, of_item):
    printed = ask(capsys, f"predict --user {user} --item-id {item} --model mean")
    mean = np.mean([rating for _, _, rating in TRAIN])
    assert f"predicted rating of user {user}: {mean:.2f}\n" in printed
    assert f"known rating of user {user}: {known}\n" in printed
    assert f"  ratings of the item: {of_item}" in printed
    assert (f"user {user} is not in the data" in printed) == (user == "99")


@pytest.mark.usefixtures("run")
def test_the_best_model_and_a_title_are_found(capsys):
    printed = ask(capsys, "predict --user 5 --item 'a beautiful mind'")
    assert printed.startswith("model bias, fitted on the training part, seed 1, results/films\n")
    assert "Beautiful Mind, A (2001), item 10\n" in printed


def test_the_fit_on_all_ratings_has_precedence(capsys, run):
    rated = Observations.from_matrix(sum(read_sparse(run / f"matrices/{p}.npz") for p in PARTS))
    fit_global_mean(rated, (1.0, 5.0)).save(run / "models/final/best/model.npz")
    write_json(run / "models/final/best/fit.json", {"model": "mean"})
    printed = ask(capsys, "predict --user 5 --item-id 20")
    assert printed.startswith("model mean, fitted on all ratings, results/films\n")
    mean = np.mean([rating for _, _, rating in TRAIN + VALIDATION + TEST])
    assert f"predicted rating of user 5: {mean:.2f}\n" in printed
    evaluated = ask(capsys, "predict --user 5 --item-id 20 --seed 1")
    assert evaluated.startswith("model mean, fitted on the training part, seed 1")
    other = ask(capsys, "predict --user 5 --item-id 20 --model bias")
    assert other.startswith("model bias, fitted on the training part, seed 1")


@pytest.mark.usefixtures("run")
def test_matches_are_listed_with_whole_titles_first_then_by_ratings(capsys, monkeypatch):
    printed = ask(capsys, "predict --user 7 --item 'toy story'")
    assert "2 titles match" in printed
    assert printed.index("Toy Story (1995)") < printed.index("Toy Story 2 (1999)")
    lines = ask(capsys, "predict --user 7 --item toy").splitlines()[4:]
    assert [line.split("  ")[-1] for line in lines] == [
        *("Toy Story 2 (1999)", "Toy Story (1995)", "Toys (1992)")
    ]
    assert ["3 (train)" in line for line in lines] == [True, False, False]
    assert "1 (test)" in lines[2]
    monkeypatch.setattr("blendmf.recommend.replies.MATCHES_SHOWN", 2)
    printed = ask(capsys, "predict --user 7 --item toy")
    assert "3 titles match" in printed
    assert "and 1 more" in printed
    assert "Toys (1992)" not in printed


@pytest.mark.usefixtures("run")
def test_recommendations_exclude_rated_items(capsys):
    printed = ask(capsys, "recommend --user 5 -n 3 --model bias")
    ids = [line.split()[2] for line in printed.splitlines()[3:]]
    assert ids == ["50"], "a test rating is a rating too"
    printed = ask(capsys, "recommend --user nobody -n 3 --model popularity")
    assert "user nobody is not in the data" in printed
    assert [line.split()[2] for line in printed.splitlines()[4:]] == ["30", "20", "10"]
    assert "score" in printed


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("predict --user 5 --item 'Beutiful Mind'", "you mean: Beautiful Mind, A (2001)"),
        ("predict --user 5 --item-id 11", "no such item"),
        ("predict --user 5 --item toys --model mf", "bias, mean, popularity"),
        ("predict --user 5 --item toys --seed 9", "--seed takes one of: 1, 2"),
        ("predict --user 5 --item toys --model popularity", "predicts no ratings"),
        ("recommend --user 5 --results results/small-matrix", "no trained models"),
    ],
)
@pytest.mark.usefixtures("run")
def test_unknown_titles_and_choices_are_refused_with_the_valid_ones(capsys, command, message):
    assert message in refused(capsys, command)


@pytest.mark.usefixtures("run")
def test_no_title_is_suggested_for_one_that_is_unlike_all(capsys):
    assert "perhaps" not in refused(capsys, "predict --user 5 --item qqqq")


def test_without_a_comparison_the_model_must_be_named(capsys, run):
    (run / "comparison/table.csv").unlink()
    assert "--model: bias, mean, popularity" in refused(capsys, "recommend --user 5")
    printed = ask(capsys, "recommend --user 5 --model mean --seed 2")
    assert "model mean, fitted on the training part, seed 2" in printed


def test_the_results_folder_is_found_or_must_be_given(capsys, run, tmp_path):
    write_run(tmp_path / "results/other", user_ids=str)
    assert "results/films, results/other" in refused(capsys, "recommend --user 5")
    printed = ask(capsys, "recommend --user 5 --results results/other")
    assert "not in the data" not in printed
    (run / "matrices/users.parquet").unlink()
    message = refused(capsys, f"recommend --user 5 --results {run}")
    assert "users.parquet: not found" in message


def test_without_a_run_the_message_says_to_run_snakemake(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "run snakemake first" in refused(capsys, "recommend --user 5")


@pytest.mark.parametrize(
    "command",
    [
        "",
        "predict --user 5",
        "predict --item toys",
        "predict --user 5 --item toys --item-id 50",
        "recommend --user 5 -n 0",
        "recommend --user 5 -n many",
    ],
)
def test_wrong_arguments_end_with_status_2(capsys, command):
    with pytest.raises(SystemExit, match=r"^2$"):
        main(shlex.split(command))
    assert "usage: blendmf" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["predict", "recommend"])
def test_help_shows_examples(capsys, command):
    with pytest.raises(SystemExit, match=r"^0$"):
        main([command, "--help"])
    assert f"blendmf {command} --user 5" in capsys.readouterr().out


def test_heavy_libraries_are_not_imported():
    check = (
        "import sys, blendmf.recommend.cli; "
        "print(sorted({'torch', 'numba', 'sklearn', 'optuna', 'matplotlib'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", check], capture_output=True, check=True)
    assert printed.stdout.decode().strip() == "[]"


RATINGS_TEXT = "who,film,stars\n" + "".join(
    f"u{user},{item},{1 + (user + item) % 5}\n" for user in range(6) for item in range(5)
)
FILMS_TEXT = "film,title,genres\n" + "".join(f"{item},Film {item},Drama\n" for item in range(5))


@pytest.fixture
def own_files(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "my films"
    folder.mkdir()
    (folder / "ratings.csv").write_text(RATINGS_TEXT)
    (folder / "films.csv").write_text(FILMS_TEXT)
    monkeypatch.chdir(tmp_path)
    return Path("my films")


@pytest.mark.usefixtures("own_files")
def test_a_configuration_of_own_files_is_written_and_its_use_is_shown(capsys):
    printed = ask(capsys, "init 'my films/ratings.csv' 'my films/films.csv'")
    assert "found:   30 ratings by 6 users of 5 items, 1 to 5\n" in printed
    assert "joined:  5 of 5 items are described\n" in printed
    assert "check:   columns guessed from their values (user: who)\n" in printed
    assert printed.endswith("next:    snakemake --configfile my-films.yaml\n")
    dataset = yaml.safe_load(Path("my-films.yaml").read_text())["dataset"]
    assert dataset["path"] == "my films"
    assert dataset["csv"]["ratings"]["user"] == "who"


@pytest.mark.usefixtures("own_files")
@pytest.mark.parametrize("options", ["--name mine", "--name other --output mine.yaml"])
def test_an_existing_configuration_is_never_overwritten(capsys, options):
    Path("mine.yaml").write_text("mine\n")
    assert "mine.yaml exists already" in refused(capsys, f"init 'my films/ratings.csv' {options}")
    assert Path("mine.yaml").read_text() == "mine\n"


@pytest.mark.usefixtures("own_files")
def test_nothing_is_written_if_the_files_cannot_be_used(capsys):
    Path("my films/ratings.csv").write_text("user,film\n1,2\n")
    assert "no column may be the ratings" in refused(capsys, "init 'my films/ratings.csv'")
    assert not list(Path().glob("*.yaml"))


@pytest.mark.usefixtures("own_files")
def test_a_missing_folder_for_the_configuration_is_refused(capsys):
    command = "init 'my films/ratings.csv' --output nowhere/mine.yaml"
    assert "nowhere/mine.yaml: cannot be written: No such file" in refused(capsys, command)
