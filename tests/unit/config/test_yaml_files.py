from itertools import pairwise

import pytest

from blendmf.common.errors import UserError
from blendmf.config.yaml_files import refuse_unclear_yaml


def test_a_key_given_twice_is_refused_with_file_and_lines(tmp_path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("seed: 1\nmodels:\n  mf: {kind: mf, kind: svd}\nseed: 2\n")
    second.write_text("published:\n  - system: x\n    system: y\n")
    with pytest.raises(UserError) as refused:
        refuse_unclear_yaml([first, second])
    assert str(refused.value).splitlines() == [
        f"{first}, line 3: kind is given on line 3 already",
        f"{first}, line 4: seed is given on line 1 already",
        f"{second}, line 3: system is given on line 2 already",
    ]


def test_the_same_key_in_different_mappings_and_unreadable_files_pass(tmp_path) -> None:
    good, broken = tmp_path / "good.yaml", tmp_path / "broken.yaml"
    good.write_text("a: {kind: 1}\nb: {kind: 2}\nc: [{kind: 1}, {kind: 2}]\n")
    broken.write_text("a: [")
    refuse_unclear_yaml([good, broken, tmp_path / "missing.yaml"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &a [*a]\n", "nested without end"),
        ("[" * 5000, "nested without end"),
        (
            "a: &a [1, 1, 1, 1, 1, 1, 1, 1]\n"
            + "".join(
                f"{b}: &{b} [{', '.join([f'*{a}'] * 8)}]\n" for a, b in pairwise("abcdefghi")
            ),
            "more than 1,000,000 values",
        ),
    ],
    ids=["circle", "deep", "aliases of aliases"],
)
def test_files_that_expand_without_end_are_refused_at_once(tmp_path, text, problem) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    with pytest.raises(UserError, match=problem):
        refuse_unclear_yaml([file])


@pytest.mark.parametrize(
    "content",
    [b"a: \0\n", b"a: \xff\n", b"\xff\xfe", b"", b"? [1, 2]\n: 3\n", b"b: {<<: {k: 1}, k: 2}\n"],
)
def test_odd_files_pass_or_are_left_to_the_parser(tmp_path, content) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(content)
    refuse_unclear_yaml([file])
