import json

import numpy as np
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp

from blendmf.commands.entry import main
from blendmf.common.files import write_json
from blendmf.models.baselines import fit_global_mean
from blendmf.models.factor_model import FactorModel
from blendmf.models.observations import Observations
from finished_run import TEST, TRAIN, add_model, ask, refused


def test_test_pairs_are_predicted_by_a_fit_that_has_not_seen_them(capsys, run):
    everything = Observations.from_matrix(sp.csr_array(np.full((3, 5), 5.0)))
    add_model(run, "final/best", fit_global_mean(everything, (1.0, 5.0)))
    write_json(run / "models/final/best/fit.json", {"model": "mean"})
    rows = json.loads(ask(capsys, "export predictions --model mean --format json"))
    assert [(row["user_id"], row["item_id"], row["rating"]) for row in rows] == TEST
    mean = np.mean([rating for _, _, rating in TRAIN])
    assert [row["predicted_rating"] for row in rows] == pytest.approx([mean] * 2)
    assert main(["export", "predictions", "--model", "mean"]) == 0
    assert "fitted on the training part, seed 1" in capsys.readouterr().err
    assert "predicts no ratings" in refused(capsys, "export predictions --model popularity")


@pytest.mark.usefixtures("run")
def test_recommendations_are_for_all_users(capsys):
    rows = json.loads(ask(capsys, "export recommendations -n 2 --model bias --format json"))
    assert [row["user_id"] for row in rows] == [5, 7, 7, 8, 8]
    assert all(row["title"] for row in rows)


def test_factors_and_biases_give_the_scores_again(capsys, run):
    random = np.random.default_rng(5)
    model = FactorModel(
        3,
        5,
        (1.0, 5.0),
        3.5,
        item_bias=random.standard_normal(5).astype(np.float32),
        user_factors=random.standard_normal((3, 2)).astype(np.float32),
        item_factors=random.standard_normal((5, 2)).astype(np.float32),
    )
    add_model(run, "mf/seed-1", model)
    assert main(["export", "factors", "--model", "mf", "--output", "factors"]) == 0
    assert "scores of training ratings: 0.0000" in capsys.readouterr().err
    users, items = (pq.read_table(f"factors/{name}.parquet") for name in ("users", "items"))
    assert users.column_names == ["user_id", "bias", "vector"]
    assert str(items.schema.field("vector").type).startswith("fixed_size_list")
    vectors = [np.array(table["vector"].to_pylist()) for table in (users, items)]
    biases = [table["bias"].to_numpy() for table in (users, items)]
    mean = float(users.schema.metadata[b"global_mean"])
    scores = mean + biases[0][:, None] + biases[1] + vectors[0] @ vectors[1].T
    np.testing.assert_allclose(scores, model.score_users([0, 1, 2]), rtol=1e-5)
    assert users["user_id"].to_pylist() == [5, 7, 8]


@pytest.mark.usefixtures("run")
def test_a_model_without_factors_and_a_file_as_folder_are_refused(capsys, tmp_path):
    assert "no factors" in refused(capsys, "export factors --model popularity --output f")
    assert not (tmp_path / "f").exists()
