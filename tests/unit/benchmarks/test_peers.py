from pathlib import Path

import numpy as np
import pytest
import yaml

from benchmarks import environment, peers
from benchmarks.accuracy import Evaluation
from benchmarks.problem import Problem
from benchmarks.systems import Runner, System
from blendmf.common.errors import UserError
from blendmf.common.files import write_arrays, write_json, write_sparse

ADAPTERS = Path(__file__).parents[3] / "benchmarks/adapters"

# Predicts the mean of the training ratings, less a thousandth per epoch, in a second per epoch.
FAKE_ADAPTER = """
import numpy as np
from adapter import Point, answer

def curve(problem, request):
    assert problem.content.shape == (problem.shape[1], 3)
    mean = problem.train.ratings.mean() + request.settings["shift"]
    for epochs in request.epochs:
        scores = np.full(len(problem.test.users), mean - epochs / 1000)
        yield Point(epochs, float(epochs * request.threads), scores)

answer(curve)
"""


@pytest.fixture
def runner(adapters, peers_environment):
    (adapters / "fake.py").write_text(FAKE_ADAPTER)
    return Runner(adapters, peers_environment, threads=2, seed=1)


def fake(name="fake", distribution="numpy", shift=0.0, **more):
    entry = {"system": name, "distribution": distribution, "adapter": "fake.py"}
    return System(**{**entry, "settings": {"shift": shift}, "epochs": [1, 5], **more})


def test_an_adapter_learns_from_the_training_part_and_never_sees_the_test_ratings(
    problem, runner, tmp_path
):
    problem.write(tmp_path / "problem.npz")
    with np.load(tmp_path / "problem.npz", allow_pickle=False) as written:
        assert {name for name in written if name.startswith("test")} == {"test_users", "test_items"}
    answer = runner.run(fake(shift=0.25), tmp_path / "problem.npz", tmp_path)
    assert answer.version == np.__version__
    assert answer.epochs.tolist() == [1, 5]
    assert answer.seconds.tolist() == [2.0, 10.0]
    mean = problem.train.ratings.mean() + 0.25
    np.testing.assert_allclose(answer.scores[1], np.full(len(problem.test), mean - 0.005))


def test_the_table_has_every_system_and_the_reason_for_a_missing_one(problem, runner, tmp_path):
    systems = [
        fake("good", remark="a remark"),
        fake("ranker", predicts_ratings=False),
        fake("absent", distribution="absent"),
        fake("broken", settings={}),
        fake("worse", shift=1.5),
        fake("no epochs", epochs=[0]),
    ]
    table, curves, scores = peers.compare(systems, [problem], Evaluation(2, 3.5), runner, tmp_path)
    table = table.set_index("system")
    assert list(table.index) == [system.system for system in systems]
    assert table.loc["good", "updates_per_second"] == pytest.approx(5 * 640 / 10)
    assert table.loc["good", "settings"] == "shift=0.0, epochs=5"
    assert table.loc["good", "note"] == "a remark"
    assert np.isnan(table.loc["ranker", "rmse"])
    assert table.loc["ranker", "recall_at_2"] > 0
    assert table.loc["absent", "note"] == "not installed: no compiler"
    assert table.loc["broken", "note"] == "failed: KeyError: 'shift'"
    assert table.loc[["absent", "broken"], ["rmse", "fit_seconds"]].isna().all(axis=None)
    assert np.isnan(table.loc["no epochs", "updates_per_second"])
    assert set(curves["system"]) == {"good", "worse"}
    assert set(scores["tiny"]) == {"good", "worse", "no epochs"}, "those that predict ratings"
    assert table.loc["good", "seconds_to_level"] == 2.0
    assert table.loc["worse", "seconds_to_level"] == 10.0
    assert table.loc["worse", "level_rmse"] == table.loc["worse", "rmse"]


def test_systems_can_be_chosen_by_name():
    systems = [fake("a"), fake("b"), fake("c")]
    assert peers.chosen(systems, None) == systems
    assert peers.chosen(systems, ["c", "a"]) == [systems[0], systems[2]]
    with pytest.raises(UserError, match="--only 'd': no such system; there are a, b, c"):
        peers.chosen(systems, ["a", "d"])


@pytest.mark.parametrize("variant", ["", "/audit/random"])
def test_a_problem_is_read_from_the_split_of_a_run(variant, problem, tmp_path):
    folder = tmp_path / f"results/tiny{variant}"
    parts = {part: getattr(problem, part) for part in ("train", "validation", "test")}
    for part, observations in parts.items():
        write_sparse(folder / f"matrices/{part}.npz", observations.to_matrix())
    times = {part: np.arange(len(observations)) for part, observations in parts.items()}
    write_arrays(folder / "matrices/times.npz", times)
    write_sparse(folder / "content/tfidf.npz", problem.content)
    # A variant uses the data of its experiment.
    write_json(tmp_path / "results/tiny/data/source.json", {"rating_range": (1, 5)})
    read = Problem.of_results(folder)
    assert (read.name, read.rating_range) == (f"tiny{variant}", (1, 5))
    assert (read.test.to_matrix() != problem.test.to_matrix()).nnz == 0
    assert (read.content != problem.content).nnz == 0
    np.testing.assert_array_equal(read.train.times, times["train"])


def test_the_shipped_plan_is_complete():
    plan = yaml.safe_load((ADAPTERS / "systems.yaml").read_text())
    systems = [System(**entry) for entry in plan["systems"]]
    names = [system.system for system in systems]
    assert plan["reference"] in names
    assert len(set(names)) == len(names)
    required = environment.read_requirements(ADAPTERS / "requirements.txt")
    installed = {requirement.split("==")[0] for requirement in required}
    assert {system.distribution for system in systems} == installed | {"blendmf"}
    assert all((ADAPTERS / system.adapter).is_file() for system in systems)
    assert all(list(system.epochs) == sorted(set(system.epochs)) for system in systems)
    assert Evaluation(**plan["evaluation"]) == (10, 3.5)


def test_requirements_are_exact_and_installed_individually(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text("# why\na==1.0\n\nb==2  # and why\n")
    assert environment.read_requirements(path) == ["a==1.0", "b==2"]
    shipped = environment.read_requirements(ADAPTERS / "requirements.txt")
    assert all(len(requirement.split("==")) == 2 for requirement in shipped)


def test_distributions_that_could_not_be_installed_have_a_reason(tmp_path):
    write_json(tmp_path / environment.OUTCOME, {"good": None, "bad": "error: no compiler"})
    assert environment.not_installed(tmp_path) == {"bad": "error: no compiler"}


def test_own_models_are_fitted_for_the_requested_epochs(problem, tmp_path):
    problem.write(tmp_path / "problem.npz")
    own = fake("own", "blendmf", adapter="blendmf_model.py", settings={"kind": "mf"}, epochs=[1, 4])
    runner = Runner(ADAPTERS, Path("no other environment"), threads=2, seed=1)
    answer = runner.run(own, tmp_path / "problem.npz", tmp_path)
    assert answer.epochs.tolist() == [1, 4]
    assert (answer.seconds > 0).all()
    assert answer.scores.shape == (2, len(problem.test))
    assert (np.ptp(answer.scores, axis=1) > 0).all()
