import pytest
import yaml

from blendmf.ingest.initial import Initial
from blendmf.ingest.overlay_text import WIDTH, overlay_text

VALUES = ["on", "no", "1e3", "null", "a: b # c", "é", "'", '"', "%d/%m/%Y", "::", " ", "\t", "- x"]


@pytest.mark.parametrize("value", [*VALUES, 0, 0.5, -1, False, [0.5, 5], [], "x" * 200 + " y"])
def test_every_value_is_read_as_it_was_written(value):
    dataset = {"name": "mine", "csv": {"ratings": {"user": value, "item": 0}}}
    assert yaml.safe_load(overlay_text(Initial(dataset), "run")) == {"dataset": dataset}


def test_a_split_is_a_block_of_its_own():
    found = Initial({"name": "mine"}, {"split.scheme": "No times."}, split={"scheme": "random"})
    text = overlay_text(found, "run")
    assert yaml.safe_load(text) == {"dataset": {"name": "mine"}, "split": {"scheme": "random"}}
    assert "\n  # No times.\n  scheme: random\n" in text


def test_reasons_are_comments_above_their_keys():
    found = Initial(
        {"name": "mine", "csv": {"ratings": {"user": 0}}},
        {"csv.ratings.user": "because " * 30, "name": "of the folder"},
    )
    lines = overlay_text(found, "run it").splitlines()
    assert "#   run it" in lines
    assert lines[lines.index("  name: mine") - 1] == "  # of the folder"
    assert lines[lines.index("      user: 0") - 1].startswith("      # because")
    assert max(map(len, lines)) <= WIDTH
