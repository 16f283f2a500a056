import pytest

from blendmf.search.finished_steps import FinishedSteps


@pytest.fixture
def files(tmp_path):
    """Input and output of a job whose first step is finished."""
    source, outputs = tmp_path / "train.npz", [tmp_path / f"step-{n}.jsonl" for n in range(2)]
    source.write_text("ratings")
    outputs[0].write_text("trial 0")
    FinishedSteps(outputs, [source], {"seed": 1}).keep(outputs[0])
    outputs[0].unlink()
    return source, outputs


def test_a_finished_step_is_found_again_and_an_unfinished_one_is_not(files):
    source, outputs = files
    steps = FinishedSteps(outputs, [source], {"seed": 1})
    assert [steps.restore(path) for path in outputs] == [True, False]
    assert outputs[0].read_text() == "trial 0"
    assert not outputs[1].exists()


def test_other_input_or_other_parameters_start_anew(files):
    source, outputs = files
    assert not FinishedSteps(outputs, [source], {"seed": 2}).restore(outputs[0])
    source.write_text("other ratings")
    assert not FinishedSteps(outputs, [source], {"seed": 1}).restore(outputs[0])


def test_a_damaged_copy_is_not_believed(files):
    source, outputs = files
    (copy,) = source.parent.glob(".*")
    copy.write_bytes(copy.read_bytes()[:-1] + b"1")
    assert not FinishedSteps(outputs, [source], {"seed": 1}).restore(outputs[0])


def test_nothing_is_left_when_all_is_finished(files):
    source, outputs = files
    steps = FinishedSteps(outputs, [source], {"seed": 1})
    steps.restore(outputs[0])
    steps.discard()
    assert {path.name for path in source.parent.iterdir()} == {"train.npz", "step-0.jsonl"}
