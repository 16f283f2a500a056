import json

import pandas as pd
import pytest

from blendmf.commands.new_users import recommendations_of_new_users
from blendmf.common.files import read_sparse
from blendmf.data.tables import read_table
from blendmf.estimators.saved import of_run
from blendmf.models.model import load_model
from blendmf.recommend.new_users import joined
from blendmf.recommend.trained_model import open_trained
from finished_run import ask, refused

ITEM_COLUMN = "item,rating\n20,5\n40,1\n"
pytestmark = pytest.mark.usefixtures("run")


def listed(capsys, tmp_path, text, name="mine.csv"):
    file = tmp_path / name
    file.write_text(text)
    return json.loads(ask(capsys, f"recommend --ratings {file} --model bias --format json"))


def test_a_file_gives_the_list_of_a_new_user_without_its_items(capsys, run, tmp_path):
    rows = listed(capsys, tmp_path, ITEM_COLUMN)
    assert {row["item_id"] for row in rows} == {10, 30, 50}
    assert {row["user_id"] for row in rows} == {"new"}
    model = load_model(run / "models/bias/seed-1/model.npz")
    items = pd.Index(read_table(run / "matrices/items.parquet")["item_id"])
    table = pd.DataFrame({"user_id": "new", "item_id": [20, 40], "rating": [5.0, 1.0]})
    train = read_sparse(run / "matrices/train.npz")
    users = pd.Index(read_table(run / "matrices/users.parquet")["user_id"])
    own = joined(model, train, users, items, table, (1.0, 5.0), seed=42).model
    scores = own.score_users([model.n_users])[0]
    expected = {int(item): float(score) for item, score in zip(items, scores, strict=True)}
    for row in rows:
        assert row["score"] == pytest.approx(expected[row["item_id"]], rel=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "title,rating\nToy Story,5\nAmelie,1\n",
        "rating,item_id,user\n5,20,new\n1,40,new\n",
        "item,rating,timestamp\n20,5,100\n40,1,50\n",
        "item,rating\n20,5\n40,1\n999,3\n",
    ],
)
def test_titles_other_orders_times_and_unknown_items_give_the_same_list(capsys, tmp_path, text):
    assert listed(capsys, tmp_path, text, "other.csv") == listed(capsys, tmp_path, ITEM_COLUMN)


def test_ratings_of_unknown_items_are_counted(run, tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("user,item,rating\na,20,5\na,40,1\na,999,3\nb,30,2\nb,998,4\n")
    top, ignored = recommendations_of_new_users(open_trained(run, "bias"), file, 2)
    assert ignored == 2
    assert top["user_id"].tolist() == ["a", "a", "b", "b"]


def test_several_users_each_have_a_list(capsys, tmp_path):
    rows = listed(capsys, tmp_path, "user,item,rating\nb,20,5\na,20,1\na,30,2\n")
    assert [row["user_id"] for row in rows] == ["a"] * 3 + ["b"] * 4


def test_parquet_is_read(capsys, tmp_path):
    file = tmp_path / "mine.parquet"
    pd.DataFrame({"item": [20], "rating": [5]}).to_parquet(file)
    assert "Amélie" in ask(capsys, f"recommend --ratings {file} --model bias")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("film,stars\nToys,3\n", "mine.csv: has the columns film, stars; it needs item or title"),
        (
            "item,rating\n999,3\n998,2\n",
            "none of the 2 rated items is known to the model; ids are such",
        ),
        ("item,rating\n20,30\n", "1 ratings are outside the range 1 to 5, such as 30"),
        ("item,rating\n20,3\n20,4\n", "rated more than once"),
        ("user,item,rating\n5,20,3\n", "known already: 5; give new users new ids"),
        ("title,rating\nToyz,3\n", "perhaps you mean: Toy Story"),
        ("", "mine.csv: the file is empty"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(capsys, tmp_path, text, message):
    (tmp_path / "mine.csv").write_text(text)
    command = f"recommend --ratings {tmp_path / 'mine.csv'} --model bias"
    assert message in refused(capsys, command)


def test_users_are_named_in_one_way(capsys):
    for command in ("recommend", "recommend --user 5 --ratings mine.csv"):
        assert "one of both" in refused(capsys, command)
    assert "no such file" in refused(capsys, "recommend --ratings none.csv --model bias")


def test_new_users_are_drawn_from_the_seed_of_the_run(run):
    manifest = run / "manifest.json"
    assert open_trained(run, "bias").seed == 42
    manifest.write_text(json.dumps({"configuration": {"seed": 7}}))
    assert open_trained(run, "bias").seed == 7
    assert of_run(open_trained(run, "bias")).seed == 7
