import pytest

from blendmf.common.errors import UserError
from blendmf.config.yaml_files import refuse_repeated_keys


def test_a_key_given_twice_is_refused_with_file_and_lines(tmp_path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("seed: 1\nmodels:\n  mf: {kind: mf, kind: svd}\nseed: 2\n")
    second.write_text("published:\n  - system: x\n    system: y\n")
    with pytest.raises(UserError) as refused:
        refuse_repeated_keys([first, second])
    assert str(refused.value).splitlines() == [
        f"{first}, line 3: kind is given on line 3 already",
        f"{first}, line 4: seed is given on line 1 already",
        f"{second}, line 3: system is given on line 2 already",
    ]


def test_the_same_key_in_different_mappings_and_unreadable_files_pass(tmp_path) -> None:
    good, broken = tmp_path / "good.yaml", tmp_path / "broken.yaml"
    good.write_text("a: {kind: 1}\nb: {kind: 2}\nc: [{kind: 1}, {kind: 2}]\n")
    broken.write_text("a: [")
    refuse_repeated_keys([good, broken, tmp_path / "missing.yaml"])
