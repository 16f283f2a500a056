import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import yaml

from benchmarks import environment, peers
from benchmarks.accuracy import Evaluation, time_to_accuracy
from benchmarks.duels import Duel, seconds_per_epoch, synthetic_problem
from benchmarks.problem import Problem
from benchmarks.scores import rated_precision_recall, rating_errors
from benchmarks.systems import Answer, Runner, System
from benchmarks.time_to_accuracy_figure import plot_time_to_accuracy
from blendmf.common.errors import UserError
from blendmf.common.files import write_json, write_sparse
from blendmf.common.random_streams import stream
from blendmf.evaluation.evaluate import evaluate
from blendmf.models.baselines import fit_bias
from blendmf.models.observations import Observations

ADAPTERS = Path(__file__).parents[3] / "benchmarks/adapters"
RANGE = (0.5, 5.0)
SHAPE = (30, 40)

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


def observed(n, name):
    random = stream(0, "peers", name)
    cells = random.choice(SHAPE[0] * SHAPE[1], n, replace=False)
    users, items = (positions.astype(np.int32) for positions in np.divmod(cells, SHAPE[1]))
    ratings = random.integers(1, 11, n).astype(np.float32) / 2
    return Observations(users, items, ratings, SHAPE)


@pytest.fixture
def problem():
    content = sp.random_array((SHAPE[1], 3), density=0.5, rng=np.random.default_rng(0))
    parts = [observed(n, name) for n, name in ((500, "train"), (90, "validation"), (110, "test"))]
    return Problem("tiny", *parts, sp.csr_array(content, dtype=np.float32), RANGE)


@pytest.fixture
def runner(tmp_path):
    folder = tmp_path / "adapters"
    folder.mkdir()
    (folder / "adapter.py").write_text((ADAPTERS / "adapter.py").read_text())
    (folder / "fake.py").write_text(FAKE_ADAPTER)
    missing = {"unbuildable": "no compiler"}
    return Runner(folder, Path(sys.executable), missing, threads=2, seed=1)


def fake(name="fake", distribution="numpy", shift=0.0, **more):
    entry = {"system": name, "distribution": distribution, "adapter": "fake.py"}
    return System.of_entry({**entry, "settings": {"shift": shift}, "epochs": [1, 5], **more})


def test_other_systems_are_scored_as_the_pipeline_scores_its_own_models(problem):
    model = fit_bias(problem.train, RANGE)
    users, items = problem.test.users, problem.test.items
    scores = model.score_users(np.arange(SHAPE[0]))[users, items].astype(np.float64)
    described = pd.DataFrame({"n_train": np.zeros(SHAPE[1], dtype=int)})
    ids = pd.DataFrame({"user_id": range(SHAPE[0])})
    settings = {"k": 2, "relevance_threshold": 3.5, "full_users": None}
    seen = (problem.train.to_matrix(), problem.validation.to_matrix())
    metrics = evaluate(model, *seen, problem.test, described, ids, settings, seed=1).metrics

    errors = rating_errors(scores, problem.test, RANGE)
    assert errors == pytest.approx({n: metrics["rating"][n] for n in ("rmse", "mae")}, rel=1e-6)
    ranked = rated_precision_recall(scores, problem.test, 2, 3.5)
    assert ranked["precision"] == pytest.approx(metrics["rated"]["precision_at_k"])
    assert ranked["recall"] == pytest.approx(metrics["rated"]["recall_at_k"])


def test_errors_are_of_predictions_clipped_to_the_range(problem):
    far_above = rating_errors(np.full(len(problem.test), 99.0), problem.test, RANGE)
    assert far_above["mae"] == pytest.approx(np.mean(5.0 - problem.test.ratings))


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


def test_the_table_has_every_system_and_says_why_one_is_missing(problem, runner, tmp_path):
    systems = [
        fake("good", remark="a remark"),
        fake("ranker", predicts_ratings=False),
        fake("absent", distribution="unbuildable"),
        fake("broken", settings={}),
        fake("worse", shift=1.5),
        fake("no epochs", epochs=[0]),
    ]
    table, curves, scores = peers.compare(systems, [problem], Evaluation(2, 3.5), runner, tmp_path)
    table = table.set_index("system")
    assert list(table.index) == [system.system for system in systems]
    assert table.loc["good", "updates_per_second"] == pytest.approx(5 * 500 / 10)
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


def test_some_systems_are_chosen_by_name():
    systems = [fake("a"), fake("b"), fake("c")]
    assert peers.chosen(systems, None) == systems
    assert peers.chosen(systems, ["c", "a"]) == [systems[0], systems[2]]
    with pytest.raises(UserError, match="--only 'd': no such system; there are a, b, c"):
        peers.chosen(systems, ["a", "d"])


def curves_of(points):
    rows = [(*key, epoch, *point) for key, run in points.items() for epoch, point in enumerate(run)]
    return pd.DataFrame(rows, columns=["data_set", "system", "epochs", "seconds", "test_rmse"])


def test_the_level_is_the_lowest_error_of_the_system_that_predicts_worst():
    curves = curves_of(
        {
            ("a", "slow"): [(1.0, 1.2), (2.0, 0.99), (9.0, 0.9)],
            ("a", "weak"): [(0.1, 1.5), (0.2, 1.0), (0.4, 1.1)],
            ("a", "diverged"): [(0.1, np.nan), (0.2, np.inf)],
            ("b", "weak"): [(0.3, 0.7)],
        }
    )
    levels = time_to_accuracy(curves).set_index(["data_set", "system"])
    assert levels["level_rmse"].to_dict() == {
        ("a", "slow"): 1.0,
        ("a", "weak"): 1.0,
        ("b", "weak"): 0.7,
    }
    assert levels["seconds_to_level"].to_dict() == {
        ("a", "slow"): 2.0,
        ("a", "weak"): 0.2,
        ("b", "weak"): 0.3,
    }


def test_the_figure_has_a_panel_per_data_set_and_a_line_per_system():
    curves = curves_of(
        {
            ("a", "slow"): [(1.0, 1.2), (2.0, 0.99), (9.0, 0.9)],
            ("a", "weak"): [(0.1, 1.5), (0.2, 1.0), (0.4, 1.1)],
            ("b", "weak"): [(0.3, 0.7), (0.4, 0.6)],
        }
    )
    panels = plot_time_to_accuracy(curves, time_to_accuracy(curves)).axes
    assert [axes.get_title("left") for axes in panels] == ["a", "b"]
    assert panels[0].get_xscale() == "log"
    drawn = {tuple(line.get_ydata()) for line in panels[0].lines}
    assert {(1.2, 0.99, 0.9), (1.5, 1.0, 1.1)} <= drawn
    none = curves.iloc[:0]
    assert len(plot_time_to_accuracy(none, time_to_accuracy(none)).axes) == 1


def test_what_a_fit_does_once_falls_out_of_the_seconds_per_epoch():
    def answer(*seconds):
        return Answer("1", np.array([10, 60]), np.array(seconds), np.zeros((2, 1)))

    assert seconds_per_epoch([answer(3.0, 9.0), answer(2.0, 7.5), answer(2.5, 7.0)]) == 0.1


def duel(*systems, **more):
    return Duel("tiny", latent_dim=4, threads=1, repeats=1, systems=list(systems), **more)


def test_a_duel_compares_with_its_last_system(problem, runner, tmp_path):
    other = duel(fake("here"), fake("peer"))
    skipped = Duel("not run", 4, 1, 1, [fake()])
    table = peers.fight([skipped, other], [problem], runner, tmp_path).set_index("system")
    assert list(table.index) == ["here", "peer"]
    assert table["seconds_per_epoch"].tolist() == [1.0, 1.0]
    assert table["updates_per_second"].tolist() == [500.0, 500.0]
    assert table["times_as_fast"].tolist() == [1.0, 1.0]
    alone = peers.fight(
        [duel(fake("here"), fake("peer", "unbuildable"))], [problem], runner, tmp_path
    ).set_index("system")
    assert alone.loc["here", "updates_per_second"] == 500.0
    assert alone.loc["peer", "note"] == "not installed: no compiler"
    assert alone["times_as_fast"].isna().all()


def test_generated_ratings_of_a_duel_are_all_for_training():
    settings = {"users": 50, "items": 60, "ratings": 800, "latent_dim": 2, "terms": 4, "noise": 0.5}
    generated = synthetic_problem(settings, seed=3)
    assert len(generated.train) == 800
    assert generated.train.shape == (50, 60)
    assert len(generated.validation) == 0
    pairs = set(zip(generated.train.users.tolist(), generated.train.items.tolist(), strict=True))
    assert len(pairs) == 800


def test_the_split_of_a_run_is_the_problem(problem, tmp_path):
    folder = tmp_path / "results/tiny"
    for part in ("train", "validation", "test"):
        write_sparse(folder / f"matrices/{part}.npz", getattr(problem, part).to_matrix())
    write_sparse(folder / "content/tfidf.npz", problem.content)
    write_json(folder / "data/source.json", {"rating_range": RANGE})
    read = Problem.of_results(folder)
    assert (read.name, read.rating_range) == ("tiny", RANGE)
    assert (read.test.to_matrix() != problem.test.to_matrix()).nnz == 0
    assert (read.content != problem.content).nnz == 0


def test_the_split_of_a_variation_shares_the_data_of_its_experiment(problem, tmp_path):
    folder = tmp_path / "results/tiny/audit/random"
    places = problem.train.to_matrix()
    for part in ("train", "validation", "test"):
        write_sparse(folder / f"matrices/{part}.npz", getattr(problem, part).to_matrix())
    for part in ("train", "validation"):
        write_sparse(folder / f"places/{part}.npz", getattr(problem, part).to_matrix())
    write_sparse(folder / "content/tfidf.npz", problem.content)
    write_json(tmp_path / "results/tiny/data/source.json", {"rating_range": RANGE})
    read = Problem.of_results(folder)
    assert (read.name, read.rating_range) == ("tiny/audit/random", RANGE)
    np.testing.assert_array_equal(read.train.places, places.data)


def test_the_shipped_plan_is_complete():
    plan = yaml.safe_load((ADAPTERS / "systems.yaml").read_text())
    systems = [System.of_entry(entry) for entry in plan["systems"]]
    duels = [Duel.of_entry(entry) for entry in plan["duels"]]
    assert plan["reference"] in {system.system for system in systems}
    every = systems + [system for entry in duels for system in entry.systems]
    required = environment.read_requirements(ADAPTERS / "requirements.txt")
    installed = {requirement.split("==")[0] for requirement in required}
    assert {system.distribution for system in every} == installed | {"blendmf"}
    assert all((ADAPTERS / system.adapter).is_file() for system in every)
    assert all(list(system.epochs) == sorted(set(system.epochs)) for system in every)
    assert len({system.system for system in systems}) == len(systems)
    assert Evaluation(**plan["evaluation"]) == (10, 3.5)


def test_requirements_are_exact_and_installed_one_by_one(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text("# why\na==1.0\n\nb==2  # and why\n")
    assert environment.read_requirements(path) == ["a==1.0", "b==2"]
    shipped = environment.read_requirements(ADAPTERS / "requirements.txt")
    assert all(len(requirement.split("==")) == 2 for requirement in shipped)


def test_what_could_not_be_installed_is_told_with_its_reason(tmp_path):
    write_json(tmp_path / environment.OUTCOME, {"good": None, "bad": "error: no compiler"})
    assert environment.problems(tmp_path) == {"bad": "error: no compiler"}


@pytest.mark.parametrize(
    ("adapter", "settings"),
    [
        ("blendmf_model.py", {"kind": "mf"}),
        ("blendmf_sgd.py", {"kind": "mf", "training": {"learning_rate": 0.05}}),
        ("blendmf_sgd.py", {"kind": "mf-content", "blend": "item"}),
    ],
)
def test_own_models_are_fitted_for_the_epochs_asked_for(adapter, settings, problem, tmp_path):
    problem.write(tmp_path / "problem.npz")
    own = System("own", "blendmf", adapter, settings, epochs=(1, 4))
    runner = Runner(ADAPTERS, Path("no other environment"), {}, threads=2, seed=1)
    answer = runner.run(own, tmp_path / "problem.npz", tmp_path)
    assert answer.epochs.tolist() == [1, 4]
    assert (answer.seconds > 0).all()
    assert answer.scores.shape == (2, len(problem.test))
    assert (np.ptp(answer.scores, axis=1) > 0).all()
