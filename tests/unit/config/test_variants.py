import pytest

from blendmf.config.checks import experiment
from blendmf.config.models import MfContentEntry, MfEntry
from blendmf.config.variants import ablation_variants, variants
from configs import experiment_with

BOTH_SPACES = {
    "content_factors_regularization": {"low": 0.1, "high": 1.0},
    "user_content_regularization": {"low": 0.1, "high": 1.0},
}
CHANGES = {
    "dataset": {"name": "synthetic"},
    "content": {"parts": ["genres", "year", "decade"]},
    "models": {
        **{name: None for name in experiment_with().models if name not in ("bias", "mf")},
        "mf-content": {"kind": "mf-content", "blend": "item", "space": BOTH_SPACES},
    },
    "audit": {"arms": {"global-temporal": None, "cold-items": None}},
    "ablation": {"leave_out": [["genres"], ["tags"], ["year", "decade"]], "placebos": 2},
    "recommendations": {"models": []},
}
EXPERIMENT = experiment_with(CHANGES)
SHARED_SPACE = ["latent_dim", "learning_rate", "regularization"]


def test_every_variant_has_its_own_folder_below_the_data_set() -> None:
    assert list(variants(EXPERIMENT)) == [
        *("synthetic", "synthetic/audit/all-tags", "synthetic/audit/random"),
        *(f"synthetic/ablation/{name}" for name in ablation_variants(EXPERIMENT)),
    ]


def test_the_ablation_removes_each_configured_content_part() -> None:
    changes = ablation_variants(EXPERIMENT)
    assert list(changes) == [
        *("blend-user", "blend-both", "no-content", "no-genres", "no-year-decade"),
        *("placebo-1", "placebo-2"),
    ]
    assert changes["no-genres"] == {"content": {"parts": ["year", "decade"]}}
    assert changes["placebo-2"] == {"content": {"dealt": 2}}


def test_a_bayesian_model_has_one_way_to_blend() -> None:
    entry = EXPERIMENT.models["mf-content"].with_params({"optimiser": "bayes"})
    changed = EXPERIMENT.model_copy(update={"models": EXPERIMENT.models | {"mf-content": entry}})
    names = list(ablation_variants(changed))
    assert names[0] == "no-content"
    assert not [name for name in names if name.startswith("blend-")]


def test_no_variant_has_empty_content_and_a_null_model_has_no_ablation() -> None:
    one_part = EXPERIMENT.content.model_copy(update={"parts": ["genres"]})
    assert "no-genres" not in ablation_variants(EXPERIMENT.model_copy(update={"content": one_part}))
    none = EXPERIMENT.ablation.model_copy(update={"model": None})
    assert ablation_variants(EXPERIMENT.model_copy(update={"ablation": none})) == {}


def test_a_variant_searches_only_what_its_model_reads() -> None:
    entries = {
        name: variants(EXPERIMENT)[f"synthetic/ablation/{name}"].models["mf-content"]
        for name in ("blend-user", "blend-both", "no-content", "placebo-1")
    }
    user, both, none = (entries[name] for name in ("blend-user", "blend-both", "no-content"))
    assert isinstance(user, MfContentEntry)
    assert isinstance(both, MfContentEntry)
    assert (user.blend, list(user.bounds)) == (
        "user",
        [*SHARED_SPACE, "user_content_regularization"],
    )
    assert (both.blend, list(both.bounds)) == ("both", [*SHARED_SPACE, *BOTH_SPACES])
    assert isinstance(none, MfEntry)
    assert list(none.bounds) == SHARED_SPACE
    assert entries["placebo-1"] == EXPERIMENT.models["mf-content"]


@pytest.mark.parametrize(
    ("variant", "path", "shared"),
    [
        ("audit/random", "data/ratings.parquet", True),
        ("audit/random", "split/train.parquet", False),
        ("audit/random", "matrices/train.npz", False),
        ("audit/random", "user_features/matrix.npz", False),
        ("audit/random", "content/tfidf.npz", False),
        ("audit/random", "models/bias/seed-1/model.npz", False),
        ("audit/random", "comparison/table.csv", False),
        ("audit/all-tags", "matrices/train.npz", True),
        ("audit/all-tags", "user_features/matrix.npz", True),
        ("audit/all-tags", "content/tfidf.npz", False),
        ("audit/all-tags", "evaluation/mf/seed-1/metrics.json", True),
        ("audit/all-tags", "evaluation/mf-content/seed-1/metrics.json", False),
        ("audit/all-tags", "comparison/table.csv", False),
        ("ablation/blend-user", "content/tfidf.npz", True),
        ("ablation/blend-user", "search/mf-content/best.json", False),
        ("ablation/no-content", "models/mf-content/seed-1/model.npz", False),
        ("ablation/placebo-1", "content/tfidf.npz", False),
        ("ablation/placebo-1", "models/mf-content/seed-1/model.npz", False),
    ],
)
def test_a_variant_shares_what_its_change_does_not_affect(
    variant: str, path: str, shared: bool
) -> None:
    folder = f"synthetic/{variant}"
    assert variants(EXPERIMENT)[folder].home(path) == ("synthetic" if shared else folder)


def test_an_experiment_by_itself_shares_nothing() -> None:
    assert variants(EXPERIMENT)["synthetic"].home("data/ratings.parquet") == "synthetic"


def test_the_audit_compares_the_models_that_it_names() -> None:
    audit = EXPERIMENT.audit.model_copy(update={"models": ["bias", "mf"]})
    found = variants(EXPERIMENT.model_copy(update={"audit": audit}))
    assert set(found["synthetic/audit/random"].models) == {"bias", "mf"}


def test_the_other_folds_of_a_cross_validation_are_variants_of_all_models() -> None:
    split = {"scheme": "folds", "folds": 3, "fold": 2}
    found = variants(experiment_with(CHANGES | {"split": split}))
    folds = {name: variant for name, variant in found.items() if "/folds/" in name}
    assert list(folds) == ["synthetic/folds/1", "synthetic/folds/3"]
    assert [variant.split.fold for variant in folds.values()] == [1, 3]
    for variant in folds.values():
        assert variant.models == found["synthetic"].models
        assert variant.home("data/ratings.parquet") == "synthetic"
        assert variant.home("split/train.parquet") == variant.folder


def test_files_of_a_given_split_apply_to_no_other_scheme() -> None:
    columns = {"file": "a.csv", "user": 0, "item": 1, "rating": 2}
    dataset = {"path": ".", "rating_range": [1, 5], "csv": {"ratings": columns}}
    split = {"scheme": "given", "test": "test.csv", "validation": ["valid.csv"]}
    arms = {"other": {"split": {"test": "valid.csv", "validation": 0.2}}}
    varied = variants(
        experiment_with({"dataset": dataset, "split": split, "audit": {"arms": arms}})
    )
    at_random = varied["ml-100k/audit/random"].split
    assert (at_random.scheme, at_random.test, at_random.validation) == ("random", None, 0.15)
    other = varied["ml-100k/audit/other"].split
    assert (other.scheme, other.test, other.validation) == ("given", "valid.csv", 0.2)


def test_a_configuration_that_is_written_has_the_same_variants_when_it_is_read() -> None:
    """The manifest's command runs the configuration as it was written with all defaults."""
    changes = {"split": {"train": 0.6}, "content": {"parts": ["genres"]}}
    found = experiment_with(changes)
    again = experiment(found.model_dump())
    assert again.model_dump() == found.model_dump()
    assert variants(again) == variants(found)
    assert variants(again)["ml-100k/audit/random"].split.train == 0.6
