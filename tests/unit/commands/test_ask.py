import csv
import io
import json

import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.commands.entry import main
from blendmf.common.files import read_sparse, write_json, write_sparse
from blendmf.data.tables import read_table, write_table
from blendmf.models.baselines import fit_global_mean
from blendmf.models.factor_model import FactorModel
from blendmf.models.observations import Observations
from finished_run import PARTS, TEST, TRAIN, VALIDATION, add_model, ask, refused, write_run


def rows(capsys, command):
    """Rows of a command's table, as JSON has them."""
    return json.loads(ask(capsys, f"{command} --format json"))


@pytest.mark.parametrize(
    ("user", "item", "known", "of_item"),
    [
        ("5", "20", (5, "train"), (2, 4.5)),
        ("5", "40", (3, "validation"), (1, 3)),
        ("5", "10", (4, "test"), (2, 3)),
        ("8", "40", (None, None), (1, 3)),
    ],
)
@pytest.mark.usefixtures("run")
def test_prediction_known_rating_and_ratings_of_the_item(capsys, user, item, known, of_item):
    [row] = rows(capsys, f"predict --user {user} --item-id {item} --model mean")
    assert (row["user_id"], row["item_id"]) == (int(user), int(item))
    assert row["predicted_rating"] == pytest.approx(np.mean([r for _, _, r in TRAIN]))
    assert (row["known_rating"], row["part"]) == known
    assert (row["n_ratings"], row["mean_rating"]) == of_item
    assert row["rating_low"] is None


@pytest.mark.usefixtures("run")
def test_the_best_model_is_asked_and_named_on_stderr(capsys):
    assert main(["predict", "--user", "5", "--item", "a beautiful mind"]) == 0
    printed = capsys.readouterr()
    named, about_intervals = printed.err.splitlines()
    assert named == "Model bias, fitted on the training part, seed 1, of results/films"
    assert about_intervals == "bias has no intervals; Bayesian models have: see --model"
    assert "Beautiful Mind, A (2001)" in printed.out


def test_the_fit_on_all_ratings_has_precedence(capsys, run):
    rated = Observations.from_matrix(sum(read_sparse(run / f"matrices/{p}.npz") for p in PARTS))
    add_model(run, "final/best", fit_global_mean(rated, (1.0, 5.0)))
    write_json(run / "models/final/best/fit.json", {"model": "mean"})
    [row] = rows(capsys, "predict --user 5 --item-id 20")
    mean = np.mean([rating for _, _, rating in TRAIN + VALIDATION + TEST])
    assert row["predicted_rating"] == pytest.approx(mean)
    [evaluated] = rows(capsys, "predict --user 5 --item-id 20 --seed 1")
    assert evaluated["predicted_rating"] == pytest.approx(np.mean([r for _, _, r in TRAIN]))


@pytest.mark.usefixtures("run")
def test_matches_are_listed_with_whole_titles_first_then_by_ratings(capsys):
    found = [row["title"] for row in rows(capsys, "predict --user 7 --item 'toy story'")]
    assert found == ["Toy Story (1995)", "Toy Story 2 (1999)"]
    of_toy = rows(capsys, "predict --user 7 --item toy")
    assert [row["item_id"] for row in of_toy] == [30, 20, 50]
    assert [row["part"] for row in of_toy] == ["train", None, "test"]
    assert len(rows(capsys, "predict --user 7 --item toy -n 2")) == 2


@pytest.mark.usefixtures("run")
def test_matches_that_are_not_listed_are_counted(capsys):
    main(["predict", "--user", "7", "--item", "toy", "-n", "2"])
    assert "1 more titles match" in capsys.readouterr().err


@pytest.mark.usefixtures("run")
def test_recommendations_of_several_users_exclude_what_they_have_rated(capsys):
    found = rows(capsys, "recommend --user 5 --user 8 -n 2 --model bias")
    by_user = {user: [r["item_id"] for r in found if r["user_id"] == user] for user in (5, 8)}
    assert by_user[5] == [50], "a test rating is a rating too"
    assert len(by_user[8]) == 2
    assert set(by_user[8]) <= {10, 40, 50}
    ranked = rows(capsys, "recommend --user 8 --model popularity")
    assert [row["predicted_rating"] for row in ranked] == [None] * 3
    assert ranked[0]["item_id"] == 10


@pytest.mark.usefixtures("run")
def test_the_table_for_people_has_only_columns_with_values(capsys):
    header = ask(capsys, "recommend --user 5 --model bias").splitlines()[0]
    assert header.split() == ["Rank", "Item", "Title", "Predicted", "rating"]
    assert "Score" in ask(capsys, "recommend --user 5 --model popularity")


def with_factors(run) -> None:
    """Add a model with factors, and words of the items."""
    random = np.random.default_rng(3)
    place = run / "models/mf/seed-1"
    model = FactorModel(
        3,
        5,
        (1.0, 5.0),
        3.5,
        np.array([0.5, -0.25, 0], dtype=np.float32),
        np.array([0, 0.25, -0.5, 0, 0], dtype=np.float32),
        random.standard_normal((3, 2)).astype(np.float32),
        np.array([[1, 0], [0.9, 0.1], [-1, 0], [0, 1], [0, -1]], dtype=np.float32),
    )
    add_model(run, "mf/seed-1", model)
    write_json(place / "fit.json", {"settings": {"kind": "mf"}})
    words = np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8], [0, 0]], dtype=np.float32)
    write_sparse(run / "content/tfidf.npz", sp.csr_array(words))


def test_similar_items_by_factors_and_by_words(capsys, run):
    with_factors(run)
    by_factors = rows(capsys, "similar --item-id 10 --model mf")
    assert by_factors[0]["item_id"] == 20
    assert by_factors[0]["cosine"] > 0.9
    by_words = rows(capsys, "similar --item-id 10 --by words --model mf")
    assert [(row["item_id"], row["cosine"]) for row in by_words] == [(20, 1.0), (40, 0.6)]
    assert "no factors" in refused(capsys, "similar --item-id 10 --model bias")
    assert "choose another with --model, or --by words" in refused(capsys, "similar --item-id 20")


def test_the_reasons_of_a_score_add_up_to_it(capsys, run):
    with_factors(run)
    for model in ("mf", "bias"):
        found = rows(capsys, f"explain --user 5 --item amelie --model {model}")
        parts = [row["amount"] for row in found if row["kind"] == "part"]
        [score] = [row["amount"] for row in found if row["kind"] == "score"]
        assert sum(parts) == pytest.approx(score)
        [row] = rows(capsys, f"predict --user 5 --item amelie --model {model}")
        assert min(max(score, 1), 5) == pytest.approx(row["predicted_rating"], abs=0.01)
    assert {row["reason"] for row in found} >= {"mean of all ratings", "the user's bias"}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("predict --user 5 --item 'Beutiful Mind'", "you mean: Beautiful Mind, A (2001)"),
        ("predict --user 5 --item-id 11", "no such item in results/films; perhaps you mean: 10"),
        ("predict --user 6 --item toys", "no such user in results/films; perhaps you mean: 5; 7"),
        ("recommend --user nobody", "--user nobody: no such user"),
        ("explain --user 99 --item toys", "--user 99: no such user"),
        ("predict --user 5 --item toys --model mf", "bias, mean, popularity"),
        ("predict --user 5 --item toys --seed 9", "--seed takes one of: 1, 2"),
        ("predict --user 5 --item toys --model popularity", "predicts no ratings"),
        ("predict --user 5", "one of both"),
        ("predict --user 5 --item toys --item-id 50", "one of both"),
        ("predict --user 5 --item ''", "give a part of the title"),
        ("recommend --user 5 --results results/small-matrix", "no trained models"),
        ("recommend --user 5 --results nope", "does not exist; --results takes one of"),
    ],
)
@pytest.mark.usefixtures("run")
def test_unknown_names_and_choices_are_refused_with_the_valid_ones(capsys, command, message):
    assert message in refused(capsys, command)


@pytest.mark.usefixtures("run")
def test_no_title_is_suggested_for_one_that_is_unlike_all(capsys):
    assert "perhaps" not in refused(capsys, "predict --user 5 --item qqqq")


def test_without_a_comparison_the_model_must_be_named(capsys, run):
    (run / "comparison/table.csv").unlink()
    assert "--model: bias, mean, popularity" in refused(capsys, "recommend --user 5")
    assert ask(capsys, "recommend --user 5 --model mean --seed 2")


def test_the_results_folder_is_found_or_must_be_given(capsys, run, tmp_path):
    write_run(tmp_path / "results/other", user_ids=str)
    assert "results/films, results/other" in refused(capsys, "recommend --user 5")
    assert ask(capsys, "recommend --user 5 --results results/other")
    (tmp_path / "config.yaml").write_text("dataset: {name: other}\n")
    [row, *_] = rows(capsys, "recommend --user 5")
    assert row["user_id"] == "5", "the data set of config.yaml is meant, whose ids are texts"
    (run / "matrices/users.parquet").unlink()
    message = refused(capsys, f"recommend --user 5 --results {run}")
    assert "users.parquet: not found" in message


def test_without_a_run_the_message_says_how_to_start_one(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "blendmf run" in refused(capsys, "recommend --user 5")


def test_hostile_titles_are_texts_everywhere(capsys, run):
    items = read_table(run / "matrices/items.parquet")
    items["title"] = ["=1+1", "[bold]x", "a\x1b[31m", "-30-", "Toys"]
    items["year"] = items["year"].where(items["year"] < 0)
    write_table(run / "matrices/items.parquet", items)
    text = ask(capsys, "recommend --user 8 --model bias --format csv")
    titles = {row["title"] for row in csv.DictReader(io.StringIO(text))}
    assert titles == {"'=1+1", "'-30-", "Toys"}
    shown = ask(capsys, "predict --user 7 --item-id 30")
    assert "a?[31m" in shown
