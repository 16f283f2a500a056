"""Odd values in configurations: each is used, or refused by one line that names its key."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from blendmf.common.errors import UserError
from blendmf.config.checks import experiment

FILES = {"ratings": {"file": "r.csv", "user": 0, "item": 1, "rating": 2, "timestamp": 3}}
VALID: dict[str, Any] = {
    "seed": 1,
    "dataset": {"name": "own", "path": "data", "rating_range": [1, 5], "csv": FILES},
    "models": {
        "mf": {"kind": "mf", "training": {"latent_dim": 4}},
        "mean": {"kind": "global-mean"},
    },
    "search": {"trials": 3},
    "split": {"scheme": "random"},
    "svd": {"compared_with": None},
    "ablation": {"model": None},
}
ODD = [
    *(None, True, [], {}, "", "x", -1, 0, 1e400, float("nan"), 10**12, 10**30, 1.5, "\uff11\uff10"),
    *("\0", "\ud800", "x" * 100_000, [[[]]], {"a": {"b": {}}}, {1: 2}, b"x", date(2020, 1, 1)),
    *("../x", "=1+1", ()),
]


def keys(block: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, value in block.items():
        found.append((*above, name))
        if isinstance(value, dict):
            found += keys(value, (*above, name))
    return found


def changed(block: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    name, *rest = path
    return {**block, name: changed(block[name], tuple(rest), value) if rest else value}


def used_or_refused(config: dict[str, Any]) -> str:
    """The message of the refusal; empty if the configuration is used."""
    try:
        experiment(config)
    except UserError as error:
        message = str(error)
        assert len(message) < 10_000
        assert all(line.isprintable() for line in message.splitlines())
        return message
    return ""


@pytest.mark.parametrize("path", keys(VALID), ids=".".join)
def test_every_key_with_every_odd_value(path):
    for value in ODD:
        used_or_refused(changed(VALID, path, value))


def test_the_configuration_of_these_tests_is_valid():
    assert used_or_refused(VALID) == ""


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("dataset", "csv", "encoding"), "base64", "is no encoding of text"),
        (("dataset", "csv", "encoding"), "punycode", "is no encoding of text"),
        (("dataset", "csv", "encoding"), "undefined", "is no encoding of text"),
        (("dataset", "csv", "encoding"), "rot13", "is no encoding of text"),
        (("dataset", "csv", "encoding"), "utf\0008", "is no encoding of text"),
        (("dataset", "csv", "encoding"), "unicode_escape", "is no encoding of text"),
        (("dataset", "csv", "separator"), "\n", "separates no columns"),
        (("dataset", "csv", "separator"), "", "separates no columns"),
        (("dataset", "csv", "separator"), "\0", "separates no columns"),
        (("dataset", "csv", "separator"), '"', "separates no columns"),
        (("dataset", "csv", "ratings", "timestamp_format"), "mixed", "has no code of the year"),
        (("dataset", "csv", "ratings", "timestamp_format"), "%H:%M", "has no code of the year"),
        (("dataset", "rating_range"), [1, 1e39], "is out of range"),
        (("dataset", "path"), "a\0b", "is no path"),
        (("dataset", "path"), "x" * 300, "is longer than a path can be"),
        (("search", "warm_start"), "\ud800", "is no path"),
        (("dataset", "name"), "x" * 101, "is too long"),
        (("evaluation", "k"), 10**12, "is out of range; it must be at most 10000"),
        (("seeds",), 10**12, "is out of range; it must be at most 1000"),
        (("search", "trials"), 10**12, "is out of range"),
        (("training", "latent_dim"), 10**12, "is out of range"),
    ],
)
def test_values_that_would_fail_later_are_refused_at_once(path, value, reason):
    config = VALID
    for depth in range(1, len(path)):
        if path[:depth] not in keys(config):
            config = changed(config, path[:depth], {})
    message = used_or_refused(changed(config, path, value))
    assert f"configuration key {'.'.join(path)}" in message
    assert reason in message


VALUES: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=5,
)


@given(path=st.sampled_from(keys(VALID)), value=VALUES)
@settings(max_examples=300, deadline=None)
def test_any_value_of_any_key_is_used_or_refused(path, value):
    used_or_refused(changed(VALID, path, value))


@given(
    st.dictionaries(
        st.text() | st.integers() | st.sampled_from([k[-1] for k in keys(VALID)]), VALUES
    )
)
@settings(max_examples=200, deadline=None)
def test_any_mapping_is_used_or_refused(config):
    used_or_refused(config)
