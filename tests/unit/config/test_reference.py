import json

import jsonschema
import pytest
import yaml

from blendmf.config.reference import PAGE, SCHEMA, page, schema
from configs import ROOT

EXPERIMENTS = sorted((ROOT / "workflow/experiments").rglob("*.yaml"))


def test_the_page_and_the_schema_match_the_classes() -> None:
    remedy = "run python -m blendmf.config.reference"
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(), remedy
    assert json.loads((ROOT / SCHEMA).read_text(encoding="utf-8")) == schema(), remedy


def test_the_default_experiment_names_the_schema_for_editors() -> None:
    first = (ROOT / "config.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA}"


@pytest.mark.parametrize("path", [ROOT / "config.yaml", *EXPERIMENTS], ids=lambda path: path.stem)
def test_an_editor_accepts_every_experiment(path) -> None:
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), schema())


@pytest.mark.parametrize(
    "wrong", [{"seed": -1}, {"evalution": {}}, {"models": {"mf": {"kind": "mf", "rank": 7}}}]
)
def test_an_editor_marks_mistakes(wrong) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema())
