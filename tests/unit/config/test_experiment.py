import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from blendmf.common.errors import UserError
from blendmf.config.checks import experiment
from blendmf.config.dataset import CsvSettings
from blendmf.config.experiment import Experiment
from blendmf.config.training import TrainingSettings
from configs import DEFAULT, ROOT, experiment_with

SIZES = {
    "few": {"users": 10, "items": 20, "ratings": 100},
    "many": {"users": 50, "items": 40, "ratings": 900},
}
BOUNDS = {"low": 1, "high": 9}
SPACE = DEFAULT["search"]["space"]


MF = {"kind": "mf"}
WORDS = {"kind": "mf-content", "blend": "item"}
BOTH = {"kind": "mf-content", "blend": "both"}


def trained(optimiser: str, engine: str = "auto") -> dict[str, Any]:
    return {"training": {"optimiser": optimiser, "engine": engine}}


def at(key: str, value: Any) -> Any:
    """Configuration that sets the key of a path such as split.train."""
    for name in reversed(key.split(".")):
        value = {name: value}
    return value


GIVEN = {"scheme": "given", "test": "held.csv"}
COLUMNS = {"file": "ratings.csv", "user": "user", "item": "film", "rating": "stars"}


def own(audit: dict[str, Any] | None = None, **ratings: Any) -> dict[str, Any]:
    """Configuration of one's own ratings."""
    dataset = {"path": ".", "rating_range": [1, 5], "csv": {"ratings": COLUMNS | ratings}}
    return {"dataset": dataset, "audit": audit or {}}


def refusal(changes: dict[str, Any]) -> str:
    with pytest.raises(UserError) as refused:
        experiment_with(changes)
    return str(refused.value)


def test_only_an_experiment_that_compares_sizes_has_several_data_sets() -> None:
    assert list(experiment_with().data_sets()) == ["ml-100k"]
    scaled = {"dataset": {"name": "synthetic"}, "scale": SIZES | {"none": None}}
    data_sets = experiment_with(scaled).data_sets()
    assert list(data_sets) == ["few", "many"]
    generated = DEFAULT["dataset"]["synthetic"] | SIZES["few"]
    assert data_sets["few"].synthetic.model_dump() == generated
    assert data_sets["few"].name == "synthetic"


def test_the_default_experiment_shows_every_setting_with_its_default() -> None:
    """`config.yaml` lists every default, with the value in the classes."""
    needed = {key: DEFAULT[key] for key in ("models",)} | {"dataset": {"name": "ml-100k"}}
    by_classes = experiment(needed | {"search": {"space": SPACE}})
    assert by_classes == experiment_with()
    shown = experiment_with().model_dump(exclude={"models", "scale", "published"})
    shown["search"]["space"] = SPACE
    shown["audit"]["arms"] = DEFAULT["audit"]["arms"]
    assert shown == {key: DEFAULT[key] for key in shown}


def csv_example() -> dict[str, Any]:
    """The example mapping of own files in a comment of the default configuration."""
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    lines = re.search(r"((?: *#   +csv:.*\n)(?: *#    +.*\n)*)", text)
    assert lines
    return dict(yaml.safe_load(re.sub(r"^ *#", "", lines[1], flags=re.MULTILINE)))


def test_the_example_of_own_files_is_accepted_and_shows_the_keys_of_all_files() -> None:
    own = {"name": "mine", "path": "somewhere", "rating_range": [1, 5], **csv_example()}
    csv = experiment_with({"dataset": own}).dataset.csv
    assert csv is not None
    assert None not in (csv.items, csv.tags)
    assert CsvSettings.model_fields.keys() == csv_example()["csv"].keys()


def test_every_setting_of_a_model_is_shown_in_the_default_experiment() -> None:
    for entry in experiment_with().models.values():
        fields = type(entry).model_fields.keys() - {"kind"}
        written = [e for e in DEFAULT["models"].values() if e["kind"] == entry.kind]
        assert fields <= {key for values in written for key in values}, entry.kind


def test_null_removes_a_model_a_parameter_and_a_variant() -> None:
    found = experiment_with(
        {
            "models": {"random": None, "mf": {"space": {"learning_rate": None}}},
            "search": {"space": {"latent_dim": None}},
            "audit": {"arms": {"random": None}},
        }
    )
    assert set(found.models) == set(DEFAULT["models"]) - {"random"}
    assert list(found.search.space) == ["learning_rate", "regularization"]
    assert list(found.models["mf"].bounds) == ["regularization"]
    assert list(found.audit.arms) == ["all-tags", "cold-items", "global-temporal"]


def test_a_model_has_the_shared_settings_under_its_own_and_the_defaults_of_its_kind() -> None:
    found = experiment_with(
        {
            "training": {"epochs": 7, "patience": 2},
            "models": {
                "my-bias": {"kind": "bias", "item_shrinkage": 3},
                "my-mf": {"kind": "mf", "training": {"patience": 5}},
            },
        }
    ).models
    own = found["my-bias"].model_dump()
    assert (own["user_shrinkage"], own["item_shrinkage"]) == (15, 3)
    assert found["my-mf"].model_dump()["training"] == (
        TrainingSettings().model_dump() | {"epochs": 7, "patience": 5}
    )


def test_key_order_does_not_matter_and_a_complete_configuration_is_unchanged() -> None:
    def turned(block: Any) -> Any:
        if not isinstance(block, dict):
            return block
        return {key: turned(value) for key, value in reversed(block.items())}

    found = experiment_with()
    assert repr(experiment(turned(DEFAULT))) == repr(found)
    assert experiment(found.model_dump()) == found


AT_THEIR_KEY = [
    ("seed", -1, "-1", "at least 0"),
    ("seeds", 0, "0", "at least 1"),
    ("seeds", "three", "'three'", "a whole number"),
    ("seeds", 3.0, "3.0", "a whole number"),
    ("seeds", True, "True", "a whole number"),
    ("evaluation", None, "None", "a mapping"),
    ("split.scheme", "temporal", "'temporal'", "per-user-temporal"),
    ("split.scheme", "randm", "'randm'", "random?"),
    ("split.train", 1.0, "1.0", "below 1"),
    ("training.learning_rate", 0, "0", "above 0"),
    ("training.learning_rate", float("nan"), "nan", "finite"),
    ("training.learning_rate", "1e-4", "'1e-4'", "1.0e-4"),
    ("training.error_clip", float("inf"), "inf", "finite"),
    ("training.optimiser", "lbfgs", "'lbfgs'", "sgd"),
    ("small_matrix.rank", 4, "4", "at most 3"),
    ("content.parts", ["tags", "tags"], "tags", "twice"),
    ("svd.ranks", [], "[]", "at least 1"),
    ("svd.compared_with", "svd", "'svd'", "kind mf"),
    ("models.mf", {"kind": "nmf"}, "'nmf'", "mf-content"),
    ("models.mf.blend", "user", "kind mf", "training"),
    ("models.mf.rank", 7, "kind mf", "does not read it"),
    ("models.mf.training.dim", 3, "no such", "latent_dim"),
    ("models.mf.space", dict.fromkeys(SPACE), "missing or empty", "learning_rate"),
    ("models.mf-content.space.epochs", BOUNDS, "epochs", "latent_dim"),
    ("models.svd.training", {}, "kind svd", "rank"),
    ("models.random.search", True, "random", "kind"),
    ("models.bias.space.rank", BOUNDS, "kind bias has no rank", "item_shrinkage"),
    ("models.bias.space.item_shrinkage.low", -1, "-1", "greater than or equal to 0"),
    ("models.new", {"search": True}, "kind", "missing"),
    ("models.new", WORDS | trained("als"), "als", "cannot train kind"),
    ("models.new", MF | trained("als", "torch"), "als", "does not run in torch"),
    ("models.new", MF | trained("bayes", "torch"), "bayes", "does not run in torch"),
    ("models.new", {"kind": "content"} | trained("bayes"), "bayes", "cannot train kind content"),
    ("search.space.rank", BOUNDS, "training has no rank", "latent_dim"),
    ("search.space.latent_dim", {"low": 9, "high": 3}, "9", "below high 3"),
    ("search.space.regularization", {"low": 0}, "0", "above 0"),
    ("search.shards", 11, "11", "at most"),
    ("recommendations.models", ["x"], "'x'", "mf-content"),
    ("dataset.rating_range", [5, 1], "[5, 1]", "low below high"),
    ("dataset.rating_range", [1], "[1]", "at least 2"),
    ("dataset.csv.rating", {}, "ratings?", "known"),
    ("scale", SIZES, "'ml-100k'", "synthetic"),
    ("audit.arms.x", {}, "nothing", "null"),
    ("audit.arms.x.model", {}, "split", "content"),
    ("audit.arms.x.split.scheme", "leap", "'leap'", "random"),
    ("audit.arms.x.content.tag", "all", "tags?", "tags"),
    ("audit.models", ["mf", "fm"], "'fm'", "null for all"),
    ("ablation.model", "mf", "'mf'", "kind mf-content"),
    ("evalution", {"k": 5}, "evaluation?", "known here"),
    ("evaluation.n", 5, "no such", "bootstrap_resamples"),
]
ELSEWHERE = [
    ({"split": {"train": 0.9}}, "split", "0.9", "below 1"),
    (at("audit.arms.x.split.train", 0.9), "audit.arms.x.split", "train 0.9", "below 1"),
    ({"content": {"parts": ["plot"]}}, "content.parts.0", "'plot'", "genres"),
    ({"models": {"a/b": {"kind": "mf"}}}, "models", "'a/b'", "A-Za-z0-9"),
    ({"models": {"mf2\n": {"kind": "mf"}}}, "models", r"'mf2\n'", "must match"),
    ({"models": {10: {"kind": "mf"}}}, "models", "10", "in quotes"),
    ({"models": {"NA": {"kind": "bias"}}}, "models", "'NA'", "choose another"),
    ({"models": {"final": {"kind": "bias"}}}, "models", "'final'", "choose another"),
    (at("models.new", {"kind": "mf-content"}), "models.new.blend", "", "missing"),
    (at("models.new", BOTH | trained("bayes")), "models.new.blend", "bayes", "item, not both"),
    (
        at("models.new", {"kind": "bias", "search": True}),
        "models.new.space",
        "models.new is searched",
        "user_shrinkage",
    ),
    (
        at("models.svd.space.rank", {"low": 1, "high": 9.5}),
        "models.svd.space.rank.high",
        "9.5",
        "integer",
    ),
    (at("dataset.csv.ratings", COLUMNS), "dataset.rating_range", "null", "such as [1, 5]"),
    (at("dataset.csv.ratings", {}), "dataset.csv.ratings.file", "", "missing"),
    ({7: 1}, "7", "7", "in quotes"),
    ({"split": {"test": "held.csv"}}, "split.test", "'held.csv'", "only split.scheme: given"),
    ({"split": GIVEN | {"validation": "held.csv"}}, "split.validation", "held.csv", "once"),
    ({"split": GIVEN | {"test": ["a", "a"]}}, "split.test", "['a', 'a']", "twice"),
    (at("audit.arms.x.split.scheme", "given"), "audit.arms.x.split.test", "null", "name the files"),
    (at("audit.arms.x.split", {"scheme": "folds", "fold": 9}), "audit.arms.x.split.fold", "9", "5"),
    (own(audit=at("arms.x.split", GIVEN)), "audit.arms.x.split", "held.csv", "ratings.file"),
    (own(item="user"), "dataset.csv.ratings.item", "'user'", "column of the user already"),
    (own(header=False), "dataset.csv.ratings.header", "false", "number them from 0"),
]


@pytest.mark.parametrize(
    ("changes", "key", "value", "allowed"),
    [*((at(key, value), key, *words) for key, value, *words in AT_THEIR_KEY), *ELSEWHERE],
)
def test_a_refusal_names_the_key_its_value_and_what_is_allowed(
    changes: dict[Any, Any], key: str, value: str, allowed: str
) -> None:
    lines = refusal(changes).splitlines()
    (line,) = [line for line in lines if line.startswith(f"configuration key {key}: ")]
    assert value in line
    assert allowed in line


def test_all_mistakes_are_reported_at_once() -> None:
    found = refusal(
        {
            "seeds": "three",
            "split": {"shceme": "random", "train": 0.9},
            "models": {"mf": {"rank": 7}, "bias": {"kind": "bas"}, "svd": None},
            "training": {"epochs": 0},
            "svd": {"compared_with": "nothing"},
            "recommendations": {"models": ["mf", "bias", "svd"]},
            "dataset": {"csv": {"ratings": {}}, "rating_range": [5, 1]},
        }
    )
    keys = [line.removeprefix("configuration key ").split(": ")[0] for line in found.splitlines()]
    assert sorted(set(keys)) == [
        *("dataset.csv.ratings.file", "dataset.csv.ratings.item", "dataset.csv.ratings.rating"),
        *("dataset.csv.ratings.user", "dataset.rating_range", "models.bias", "models.mf.rank"),
        *("recommendations.models", "seeds", "split", "split.shceme", "svd.compared_with"),
        "training.epochs",
    ]
    assert "'svd' is not among the models" in found
    assert "'bias' is not among" not in found, "only its kind is wrong"


def test_references_to_removed_models_are_reported() -> None:
    lines = refusal({"models": {"mf": None, "mf-content": None, "bayes-content": None}})
    assert [line.split(": ")[0] for line in lines.splitlines()] == [
        "configuration key svd.compared_with",
        "configuration key ablation.model",
    ]
    named = refusal({"recommendations": {"models": ["gone"]}})
    assert "recommendations.models: 'gone'" in named
    assert "null for the best, [] for none" in named


def test_a_missing_data_set_is_reported() -> None:
    with pytest.raises(UserError, match=r"dataset: missing"):
        experiment({"models": DEFAULT["models"]})


def earlier_search(folder: Path, model: str) -> Path:
    (folder / model).mkdir(parents=True)
    (folder / model / "trials.csv").touch()
    return folder


def test_warm_start_accepts_an_earlier_search_of_any_searched_model(tmp_path: Path) -> None:
    folder = str(earlier_search(tmp_path / "search", "mf"))
    assert experiment_with({"search": {"warm_start": folder}}).search.warm_start == folder


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ("nowhere", "not a folder"),
        ("a{1}", "braces"),
        ("empty", "no MODEL/trials.csv of any searched model"),
        ("random", "no MODEL/trials.csv of any searched model"),
        ("results/ml-100k/search", "what this run writes; copy it"),
    ],
)
def test_a_folder_without_an_earlier_search_is_refused(
    named: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    earlier_search(tmp_path / "random", "random")
    earlier_search(tmp_path / "results/ml-100k/search", "mf")
    found = refusal({"search": {"warm_start": named}})
    assert re.search(rf"search\.warm_start: '{re.escape(named)}' .*{re.escape(reason)}", found)


def test_every_setting_has_a_description() -> None:
    def undescribed(model: Any, path: str = "") -> list[str]:
        missing = []
        for name, field in model.model_fields.items():
            below = getattr(field.annotation, "model_fields", None)
            if below is not None:
                missing += undescribed(field.annotation, f"{path}{name}.")
            elif not field.description:
                missing.append(path + name)
        return missing

    assert undescribed(Experiment) == []
    for entry in experiment_with().models.values():
        assert undescribed(type(entry)) == ["kind"]


OWN = {
    "name": "books",
    "path": "books",
    "rating_range": [1, 10],
    "csv": {"ratings": {"file": "r.csv", "user": "u", "item": "i", "rating": "r"}},
}


@pytest.mark.parametrize(
    ("items", "parts", "content_models"),
    [
        (None, ["genres", "tags", "year", "decade"], False),
        ({"file": "i.csv", "item": "i", "title": "t"}, ["genres", "tags"], False),
        ({"file": "i.csv", "item": "i", "title": "t"}, ["genres", "title"], True),
        ({"file": "i.csv", "item": "i", "genres": "g"}, ["genres", "tags"], True),
    ],
)
def test_without_item_text_no_model_of_content_is_left(
    items: dict | None, parts: list[str], content_models: bool
) -> None:
    dataset = {**OWN, "csv": OWN["csv"] | {"items": items}}
    changes = {
        "recommendations": {"models": ["mf-content"]},
        "audit": {"models": ["mf", "bayes-content"]},
    }
    found = experiment_with({"dataset": dataset, "content": {"parts": parts}, **changes})
    assert any(entry.uses_content for entry in found.models.values()) == content_models
    assert (found.ablation.model is None) == (not content_models)
    assert found.recommendations.choices == (["mf-content"] if content_models else ["best"])
    assert found.audit.models == (["mf", "bayes-content"] if content_models else ["mf"])


def test_content_models_alone_are_refused_without_item_text() -> None:
    plain = [name for name, entry in DEFAULT["models"].items() if "content" not in entry["kind"]]
    references = {"svd": {"compared_with": None}}
    lines = refusal({"dataset": OWN, "models": dict.fromkeys(plain), **references})
    assert "all models use the items' text, but the data have none" in lines
