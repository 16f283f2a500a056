import pandas as pd
import pytest

from benchmarks import sweeps
from benchmarks.systems import Runner, System


def test_the_table_has_the_fastest_sweep_or_the_reason_for_none(
    tmp_path, monkeypatch, adapters, peers_environment
):
    (adapters / "fake.py").write_text(
        "import numpy as np\n"
        "from adapter import Point, answer\n\n"
        "def curve(problem, request):\n"
        "    pairs = set(zip(problem.train.users, problem.train.items))\n"
        "    assert 1000 < len(pairs) == len(problem.train.users) <= 3000\n"
        "    for epochs in request.epochs:\n"
        "        yield Point(epochs, epochs**2 / request.threads, np.zeros(100))\n\n"
        "answer(curve)\n"
    )
    fake = System(system="fake", distribution="numpy", adapter="fake.py", epochs=(1, 2, 3))
    absent = fake.model_copy(update={"system": "absent", "distribution": "absent"})
    monkeypatch.setattr(sweeps, "ADAPTERS", adapters)
    monkeypatch.setattr(sweeps, "SAMPLERS", (fake, absent))
    options = ["--ratings", "3000", "--threads", "2", "--environment", str(peers_environment)]
    sweeps.main([*options, "--output", str(tmp_path / "output")])
    table = pd.read_csv(tmp_path / "output/sweeps.csv").set_index("system")
    assert table.loc["fake", "seconds_per_sweep"] == pytest.approx(1.5)
    assert table["ratings"].between(1000, 3000).all()
    assert table.loc["absent", "note"].startswith("not installed: ")


def test_the_sweeps_of_our_own_sampler_are_timed(tmp_path, problem):
    problem.write(tmp_path / "problem.npz")
    own = sweeps.SAMPLERS[0].model_copy(update={"epochs": (1, 3)})
    runner = Runner(sweeps.ADAPTERS, tmp_path, threads=1, seed=1)
    answer = runner.run(own, tmp_path / "problem.npz", tmp_path)
    assert answer.epochs.tolist() == [1, 3]
    assert 0 < answer.seconds[0] < answer.seconds[1]


def test_both_samplers_run_equally_many_sweeps():
    assert {sampler.epochs for sampler in sweeps.SAMPLERS} == {sweeps.SWEEPS}
    assert all((sweeps.ADAPTERS / sampler.adapter).is_file() for sampler in sweeps.SAMPLERS)
