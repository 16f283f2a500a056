import pytest
from pydantic import ValidationError

from blendmf.common.errors import UserError
from blendmf.config.models import model_entry, tuned
from blendmf.config.training import TrainingSettings


def test_searched_parameters_belong_to_the_training_or_the_model_kind() -> None:
    entry = model_entry({"kind": "mf", "training": {"latent_dim": 16, "epochs": 9}})
    found = tuned(entry, [{"params": {"latent_dim": 4}}]).training
    assert (found.latent_dim, found.learning_rate, found.epochs) == (4, 0.03, 9)
    assert entry.training.latent_dim == 16
    assert tuned(entry, []) == entry
    bias = tuned(model_entry({"kind": "bias"}), [{"params": {"item_shrinkage": 3.5}}])
    assert (bias.user_shrinkage, bias.item_shrinkage) == (15, 3.5)


def test_numbers_keep_their_written_form() -> None:
    entry = model_entry({"kind": "bias", "user_shrinkage": 2, "item_shrinkage": 2.0})
    assert (repr(entry.user_shrinkage), repr(entry.item_shrinkage)) == ("2", "2.0")


def test_stochastic_models_have_several_seeds() -> None:
    assert model_entry({"kind": "mf"}).seeds(3) == [1, 2, 3]
    assert model_entry({"kind": "bias"}).seeds(3) == [1]


def test_entries_and_settings_are_immutable() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        model_entry({"kind": "pure-svd"}).rank = 3


def test_an_unset_penalty_is_that_of_the_factors() -> None:
    names = ["bias_regularization", "user_content_regularization", "content_factors_regularization"]
    unset = TrainingSettings(regularization=0.1, **dict.fromkeys(names))
    assert unset.penalties == (0.1, 0.1, 0.1, 0.1)
    own = TrainingSettings(regularization=0.1, **dict(zip(names, (0.2, 0.3, 0.4), strict=True)))
    assert own.penalties == (0.1, 0.2, 0.3, 0.4)


def test_a_step_size_that_overshoots_zero_is_refused() -> None:
    long_steps = {"learning_rate": 2.0, "regularization": 0.6}
    with pytest.raises(UserError, match="overshoots zero"):
        TrainingSettings(**long_steps).refuse_overshooting_steps()
    TrainingSettings(**long_steps, optimiser="als").refuse_overshooting_steps()
