"""A users file of one's own, from the configuration to the fits that people use."""

import numpy as np
import pytest
import yaml
from project import ROOT, Project

from blendmf.common.files import read_json, read_sparse
from blendmf.data.tables import read_table

DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text())
BAYES = {"kind": "mf", "training": {"optimiser": "bayes", "latent_dim": 16, "epochs": 40}}
MODELS = {"with-users": BAYES | {"user_features": True}, "without": BAYES}


@pytest.mark.slow
def test_described_users_without_ratings_are_predicted_better(fresh: Project) -> None:
    """Half of the users like what the others dislike; the last half has no training ratings."""
    own = fresh.folder / "own"
    own.mkdir()
    random = np.random.default_rng(0)
    users, items = np.nonzero(random.random((160, 20)) < 0.5)
    old = random.random(160) < 0.5
    stars = 3 + np.where(old[users] == items % 2, 1, -1) + random.integers(-1, 2, len(users))
    rows = zip(users, items, stars, strict=True)
    ratings = "".join(f"u{u},i{i},{s},{1300000000 + n}\n" for n, (u, i, s) in enumerate(rows))
    (own / "ratings.csv").write_text("user,item,stars,when\n" + ratings)
    people = "".join(f"u{n},{'old' if old[n] else 'young'}\n" for n in range(160))
    (own / "people.csv").write_text("user,age\n" + people)
    columns = {"user": "user", "item": "item", "rating": "stars", "timestamp": "when"}
    csv = {
        "ratings": {"file": "ratings.csv", **columns},
        "users": {"file": "people.csv", "user": "user"},
    }
    changes = {
        "seeds": 1,
        "dataset": {"name": "mine", "path": str(own), "rating_range": [1, 5], "csv": csv},
        "split": {"scheme": "global-temporal", "train": 0.5, "validation": 0.25},
        "models": dict.fromkeys(DEFAULT["models"]) | MODELS,
        "recommendations": {"models": ["with-users"]},
        "svd": {"compared_with": None},
        "ablation": {"model": None},
    }
    fits = [f"results/mine/models/{model}/seed-1/fit.json" for model in MODELS]
    final = "results/mine/models/final/with-users/fit.json"
    fresh.succeed("--cores", "2", experiment=None, changes=changes, targets=[*fits, final])
    errors = [read_json(fresh.run / fit)["validation_rmse"] for fit in fits]
    assert errors[0] < 0.9 * errors[1]
    data = fresh.run / "results/mine"
    assert read_table(data / "data/users.parquet")["age"].value_counts()["old"] == old.sum()
    features = read_sparse(data / "user_features/matrix.npz")
    assert features.shape == (160, 2)
    assert read_json(fresh.run / final)["settings"]["user_features"] is True
