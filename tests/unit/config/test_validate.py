import copy
import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from blendmf.config.validate import complete_config, data_sets

from blendmf.common.errors import UserError
from blendmf.config.training import TrainingSettings

ROOT = Path(__file__).parents[3]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
TRAINING = SCHEMA["$defs"]["training"]["properties"]


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`changes` laid over `base` as Snakemake lays one --configfile over another."""
    result = copy.deepcopy(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def completed(changes: dict[str, Any]) -> dict[str, Any]:
    config = merged(DEFAULT, changes)
    complete_config(config, SCHEMA)
    return config


SIZES = {
    "few": {"users": 10, "items": 20, "ratings": 100},
    "many": {"users": 50, "items": 40, "ratings": 900},
}


def test_an_experiment_has_one_data_set_unless_it_compares_sizes() -> None:
    config = completed({})
    assert data_sets(config) == {"ml-100k": config["dataset"]}
    config = completed({"dataset": {"name": "synthetic"}, "scale": SIZES | {"none": None}})
    assert list(data_sets(config)) == ["few", "many"]
    assert data_sets(config)["few"]["synthetic"] == config["dataset"]["synthetic"] | SIZES["few"]
    assert data_sets(config)["few"]["name"] == "synthetic"


def refusal(changes: dict[str, Any]) -> str:
    with pytest.raises(UserError) as refused:
        completed(changes)
    return str(refused.value)


@pytest.mark.parametrize("name", ["NA", "null", "10", "-mf"])
def test_a_model_may_not_be_called_what_tables_read_as_something_else(name: str) -> None:
    assert repr(name) in refusal({"models": {name: {"kind": "bias"}}})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"audit": {"arms": {"x": {"split": {"scheme": "leap"}}}}}, "audit.arms.x.split.scheme"),
        ({"audit": {"arms": {"x": {"content": {"tag": "all"}}}}}, "audit.arms.x.content.tag"),
        ({"audit": {"arms": {"x": {"model": {}}}}}, "audit.arms.x.model"),
        ({"audit": {"arms": {"x": {"split": {"train": 0.9}}}}}, "audit.arms.x.split: train 0.9"),
        ({"audit": {"models": ["mf", "fm"]}}, "audit.models: 'fm'"),
        ({"ablation": {"model": "mf"}}, "ablation.model: 'mf' is no model of kind mf-content"),
    ],
)
def test_a_variation_that_cannot_be_is_refused_by_its_key(
    changes: dict[str, Any], told: str
) -> None:
    assert told in refusal(changes)


def test_all_that_contradicts_each_other_is_told_at_once() -> None:
    told = refusal({"models": {"mf": None, "mf-content": None, "bayes-content": None}}).splitlines()
    assert [line.split(": ")[0] for line in told] == [
        *("configuration key svd.compared_with", "configuration key recommendations.models"),
        "configuration key ablation.model",
    ]
    assert "or [] for none" in told[1]


def test_the_audits_arms_say_only_what_differs_and_null_takes_one_out() -> None:
    arms = completed({"audit": {"arms": {"random": None}}})["audit"]["arms"]
    assert "random" not in arms
    assert arms["global-temporal"] == {"split": {"scheme": "global-temporal"}}


def test_the_default_experiment_is_complete() -> None:
    linear = {"search": {"space": {"latent_dim": {"log": False}}}}
    assert completed({}) == merged(DEFAULT, linear)


def test_what_a_configuration_leaves_out_is_what_the_default_experiment_says() -> None:
    needed = {"dataset": {"name": "ml-100k"}, "models": DEFAULT["models"]}
    config = copy.deepcopy(needed | {"search": {"space": DEFAULT["search"]["space"]}})
    complete_config(config, SCHEMA)
    assert config | {"training": DEFAULT["training"]} == completed({})


def test_the_training_block_has_the_defaults_of_the_library() -> None:
    assert DEFAULT["training"] == dataclasses.asdict(TrainingSettings())
    assert set(TRAINING) == {field.name for field in dataclasses.fields(TrainingSettings)}


def keys_of_the_schema(schema: dict[str, Any], path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    keys = {path}
    for name, below in schema.get("properties", {}).items():
        keys |= keys_of_the_schema(below, (*path, name))
    return keys


def keys_of(config: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    keys = {path}
    for name, below in config.items() if isinstance(config, dict) else ():
        keys |= keys_of(below, (*path, name))
    return keys


def csv_example() -> dict[str, Any]:
    """The mapping of one's own files that a comment of the default configuration shows."""
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    lines = re.search(r"((?: *#   +csv:.*\n)(?: *#    +.*\n)*)", text)
    assert lines
    return yaml.safe_load(re.sub(r"^ *#", "", lines[1], flags=re.MULTILINE))


def test_every_key_of_the_schema_is_in_the_default_configuration() -> None:
    shown = keys_of(merged(DEFAULT, {"dataset": csv_example()}))
    assert keys_of_the_schema(SCHEMA) - shown == set()


def test_the_example_of_ones_own_files_is_accepted() -> None:
    own = {"name": "mine", "path": "somewhere", "rating_range": [1, 5], **csv_example()}
    assert completed({"dataset": own})["dataset"] == DEFAULT["dataset"] | own


@pytest.mark.parametrize(
    "setting", SCHEMA["properties"]["models"]["additionalProperties"]["properties"]
)
def test_every_setting_of_a_model_is_shown_in_the_default_configuration(setting: str) -> None:
    assert any(setting in entry for entry in DEFAULT["models"].values())


def test_null_removes_a_model_and_a_parameter_of_the_search() -> None:
    changes = {"models": {"random": None}, "search": {"space": {"latent_dim": None}}}
    config = completed(changes)
    assert set(config["models"]) == set(DEFAULT["models"]) - {"random"}
    assert list(config["search"]["space"]) == ["learning_rate", "regularization"]


def test_null_in_a_models_own_space_stays_there_to_take_the_parameter_out() -> None:
    config = completed({"models": {"mf": {"space": {"latent_dim": None}}}})
    assert config["models"]["mf"]["space"] == {"latent_dim": None}


def test_a_model_of_any_name_gets_its_kinds_defaults() -> None:
    config = completed({"models": {"my-bias": {"kind": "bias", "item_shrinkage": 3}}})
    assert config["models"]["my-bias"] == {
        "kind": "bias",
        "user_shrinkage": 15,
        "item_shrinkage": 3,
    }


def test_the_order_of_the_keys_does_not_matter() -> None:
    def turned(block: Any) -> Any:
        if not isinstance(block, dict):
            return block
        return {key: turned(value) for key, value in reversed(block.items())}

    config = turned(DEFAULT)
    complete_config(config, SCHEMA)
    assert repr(config) == repr(completed({}))


@pytest.mark.parametrize(
    ("changes", "key", "value", "allowed"),
    [
        ({"seed": -1}, "seed", "-1", "at least 0"),
        ({"seeds": 0}, "seeds", "0", "at least 1"),
        ({"seeds": "three"}, "seeds", "'three'", "integer"),
        ({"evaluation": None}, "evaluation", "None", "object"),
        ({"split": {"scheme": "temporal"}}, "split.scheme", "'temporal'", "per-user-temporal"),
        ({"split": {"train": 1.0}}, "split.train", "1.0", "below 1"),
        ({"split": {"train": 0.9}}, "split.train", "0.9", "below 1"),
        ({"training": {"learning_rate": 0}}, "training.learning_rate", "0", "above 0"),
        ({"training": {"optimiser": "lbfgs"}}, "training.optimiser", "'lbfgs'", "sgd"),
        ({"small_matrix": {"rank": 4}}, "small_matrix.rank", "4", "at most 3"),
        ({"content": {"parts": ["plot"]}}, "content.parts.0", "'plot'", "genres"),
        ({"models": {"mf": {"kind": "nmf"}}}, "models.mf.kind", "'nmf'", "mf-content"),
        ({"models": {"a/b": {"kind": "mf"}}}, "models", "a/b", "A-Za-z0-9"),
        ({"models": {"new": {"search": True}}}, "models.new", "kind", "missing"),
        ({"models": {"new": {"kind": "mf-content"}}}, "models.new", "mf-content", "user, item"),
        ({"models": {"mf": {"blend": "user"}}}, "models.mf.blend", "mf", "remove"),
        ({"models": {"random": {"search": True}}}, "models.random.search", "random", "nothing"),
        (
            {"models": {"new": {"kind": "bias", "search": True}}},
            *("models.new.space", "models.new is searched", "user_shrinkage"),
        ),
        (
            {"models": {"bias": {"space": {"rank": {"low": 1, "high": 9}}}}},
            *("models.bias.space.rank", "kind bias has no rank", "item_shrinkage"),
        ),
        (
            {"models": {"bias": {"space": {"item_shrinkage": {"low": -1, "high": 9}}}}},
            *("models.bias.space.item_shrinkage.low", "-1", "minimum of 0"),
        ),
        (
            {"models": {"svd": {"space": {"rank": {"low": 1, "high": 9.5}}}}},
            *("models.svd.space.rank.high", "9.5", "integer"),
        ),
        (
            {"models": {"mf": {"space": dict.fromkeys(DEFAULT["search"]["space"])}}},
            *("models.mf.space", "missing or empty", "learning_rate"),
        ),
        (
            {"search": {"space": {"rank": {"low": 1, "high": 9}}}},
            *("search.space.rank", "training has no rank", "latent_dim"),
        ),
        (
            {"search": {"space": {"latent_dim": {"low": 9, "high": 3}}}},
            *("search.space.latent_dim", "9", "below high 3"),
        ),
        (
            {"search": {"space": {"regularization": {"low": 0}}}},
            *("search.space.regularization", "0", "above 0"),
        ),
        (
            {"models": {"mf-content": {"space": {"epochs": {"low": 1, "high": 9}}}}},
            *("models.mf-content.space.epochs", "epochs", "latent_dim"),
        ),
        ({"search": {"shards": 11}}, "search.shards", "11", "at most"),
        ({"svd": {"compared_with": "svd"}}, "svd.compared_with", "'svd'", "kind mf"),
        ({"models": {"mf": None}}, "svd.compared_with", "'mf'", "null"),
        ({"recommendations": {"models": ["x"]}}, "recommendations.models", "'x'", "mf-content"),
        ({"dataset": {"rating_range": [5, 1]}}, "dataset.rating_range", "[5, 1]", "low below high"),
        ({"dataset": {"rating_range": [1]}}, "dataset.rating_range", "[1]", "too short"),
        ({"dataset": {"csv": {"ratings": {}}}}, "dataset.csv.ratings", "file", "missing"),
    ],
)
def test_a_refusal_names_the_key_its_value_and_what_is_allowed(
    changes: dict[str, Any], key: str, value: str, allowed: str
) -> None:
    message = refusal(changes)
    assert re.match(rf"configuration key {re.escape(key)}: ", message), message
    assert value in message
    assert allowed in message


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"evalution": {"k": 5}}, "evalution"),
        ({"evaluation": {"n": 5}}, "evaluation.n"),
        ({"models": {"mf": {"ranks": 3}}}, "models.mf.ranks"),
        ({"models": {"mf": {"training": {"dim": 3}}}}, "models.mf.training.dim"),
        ({"dataset": {"csv": {"rating": {}}}}, "dataset.csv.rating"),
    ],
)
def test_an_unknown_key_is_refused_with_the_known_ones(changes: dict[str, Any], key: str) -> None:
    message = refusal(changes)
    assert message.startswith(f"{key}: no such configuration key; known here: ["), message


def test_without_a_data_set_the_missing_key_is_named() -> None:
    with pytest.raises(UserError, match=r"missing \['dataset'\]"):
        complete_config({"models": copy.deepcopy(DEFAULT["models"])}, SCHEMA)


@pytest.mark.parametrize(
    ("training", "kind", "told"),
    [
        ({"optimiser": "als"}, {"kind": "mf-content", "blend": "item"}, "als cannot"),
        ({"optimiser": "als", "engine": "torch"}, {"kind": "mf"}, "als does not run in torch"),
        ({"optimiser": "bayes", "engine": "torch"}, {"kind": "mf"}, "bayes does not run in torch"),
        ({"optimiser": "bayes"}, {"kind": "content"}, "no factors for optimiser bayes"),
        ({"optimiser": "bayes"}, {"kind": "mf-content", "blend": "both"}, "blend: item, not both"),
    ],
)
def test_an_optimiser_is_refused_where_it_cannot_train(
    training: dict[str, Any], kind: dict[str, Any], told: str
) -> None:
    refused = refusal({"models": {"new": {**kind, "training": training}}})
    assert "configuration key models.new" in refused
    assert told in refused


def earlier_search(folder: Path, model: str) -> Path:
    (folder / model).mkdir(parents=True)
    (folder / model / "trials.csv").touch()
    return folder


def test_an_earlier_search_of_any_searched_model_may_be_named(tmp_path: Path) -> None:
    folder = str(earlier_search(tmp_path / "search", "mf"))
    assert completed({"search": {"warm_start": folder}})["search"]["warm_start"] == folder


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("nowhere", "no folder"),
        ("empty", "no MODEL/trials.csv of any searched model"),
        ("random", "no MODEL/trials.csv of any searched model"),
        ("results/ml-100k/search", "what this run writes; copy it"),
    ],
)
def test_a_folder_that_no_search_can_begin_with_is_told(
    named: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    earlier_search(tmp_path / "random", "random")
    earlier_search(tmp_path / "results/ml-100k/search", "mf")
    with pytest.raises(UserError, match=rf"search\.warm_start: '{named}' .*{re.escape(said)}"):
        completed({"search": {"warm_start": named}})
