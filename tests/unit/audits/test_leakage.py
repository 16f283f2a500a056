import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendmf.audits.leakage import MOMENTS, leakage
from blendmf.common.files import write_json


def table(*rows):
    return pd.DataFrame(rows, columns=MOMENTS)


def audited(*tables, rows_per_block=100):
    *parts, tags = tables
    blocks = (
        [part[k : k + rows_per_block] for k in range(0, max(1, len(part)), rows_per_block)]
        for part in parts
    )
    return leakage(*blocks, tags)


def counts(findings):
    return {name: (f["numerator"], f["denominator"]) for name, f in findings.items()}


TRAIN = table((1, "a", 10), (1, "b", 20), (2, "a", 40), (3, "c", 90))
VALIDATION = table((1, "c", 30), (2, "z", 50))
TEST = table((1, "a", 35), (1, "c", 36), (2, "b", 60), (2, "d", 99), (3, "b", 15))
TAGS = table((1, "a", 5), (1, "b", 21), (2, "b", 61), (3, "a", 70), (9, "a", 1))


def test_findings_equal_hand_counts():
    assert counts(audited(TRAIN, VALIDATION, TEST, TAGS)) == {
        # a at 35 before 40, c at 36 before 90, b at 15 before 20
        "test_older_than_training_of_item": (3, 5),
        # user 3 at 15 before 90
        "test_older_than_training_of_user": (1, 5),
        # c is first rated at 90, b at 20
        "test_item_known_only_from_future": (2, 5),
        "test_item_cold": (1, 5),
        "validation_item_cold": (1, 2),
        "test_older_than_newest_training": (4, 5),
        # (1, a), (1, b) and (2, b)
        "tags_on_pairs_rated_by_author": (3, 5),
        # (1, a) and (2, b)
        "tags_on_test_pairs": (2, 5),
        # (1, b, 21) after 20 and (2, b, 61) after 40
        "tags_after_training_of_author": (2, 5),
        # test a at 35: tags at 1, 5, 70; test b at 60 and at 15: tags at 21, 61 for each
        "all_tags_after_test_rating": (4, 7),
        # (2, b, 61) after test b at 60
        "all_tags_after_by_own_user": (1, 7),
        "all_tags_after_by_others": (3, 7),
        "all_tags_inform_earlier_test": (3, 5),
        # training includes only (1, a, 5) of these tags
        "train_only_tags_after_test_rating": (0, 1),
        "train_only_tags_after_by_own_user": (0, 1),
        "train_only_tags_after_by_others": (0, 1),
        "train_only_tags_inform_earlier_test": (0, 5),
    }


ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 9)), max_size=12)


@settings(max_examples=40)
@given(ROWS, ROWS, ROWS, st.integers(1, 5))
def test_tag_uses_equal_a_count_over_all_pairs_of_test_rating_and_tag(train, test, tags, rows):
    findings = counts(
        audited(table(*train), table(), table(*test), table(*tags), rows_per_block=rows)
    )
    last = {user: max(moment for u, _, moment in train if u == user) for user, _, _ in train}
    rated = {(user, item) for user, item, _ in train}
    known = [t for t in tags if (t[0], t[1]) in rated and t[2] <= last[t[0]]]
    for choice, used in (("all_tags", tags), ("train_only_tags", known)):
        uses = [(rating, tag) for rating in test for tag in used if rating[1] == tag[1]]
        later = [(rating, tag) for rating, tag in uses if tag[2] > rating[2]]
        own = [(rating, tag) for rating, tag in later if rating[0] == tag[0]]
        assert findings[f"{choice}_after_test_rating"] == (len(later), len(uses))
        assert findings[f"{choice}_after_by_own_user"] == (len(own), len(uses))
        assert findings[f"{choice}_after_by_others"] == (len(later) - len(own), len(uses))
        informed = sum(any(r[1] == t[1] and t[2] > r[2] for t in used) for r in test)
        assert findings[f"{choice}_inform_earlier_test"] == (informed, len(test))


def test_findings_have_a_share_and_a_meaning():
    for finding in audited(TRAIN, VALIDATION, TEST, TAGS).values():
        assert finding["share"] == pytest.approx(finding["numerator"] / finding["denominator"])
        assert finding["meaning"].endswith(".")


def test_ratings_with_equal_timestamps_are_not_older():
    findings = audited(table((1, "a", 10)), table(), table((2, "a", 10), (1, "b", 10)), table())
    older = [f for name, f in findings.items() if "older" in name or "future" in name]
    assert [f["numerator"] for f in older] == [0] * 4


def test_a_global_temporal_split_has_no_temporal_leak():
    ratings = [(user, item, 10 * user + item) for user in range(4) for item in range(5)]
    in_time = sorted(ratings, key=lambda rating: rating[2])
    findings = audited(table(*in_time[:12]), table(*in_time[12:15]), table(*in_time[15:]), table())
    leaks = [f for name, f in findings.items() if name.startswith("test_") and "cold" not in name]
    assert [f["numerator"] for f in leaks] == [0] * 4


def test_empty_parts_and_tags_have_no_share(tmp_path):
    empty = table().astype({"user_id": "int64", "timestamp": "int64"})
    findings = audited(TRAIN, empty, empty, empty)
    assert {f["share"] for f in findings.values()} == {None}
    write_json(tmp_path / "leakage.json", findings)


def test_without_training_ratings_every_item_is_cold():
    findings = audited(table(), VALIDATION, TEST, TAGS)
    assert findings["test_item_cold"]["share"] == 1.0
    assert findings["test_older_than_newest_training"]["numerator"] == 0


@pytest.mark.parametrize("rows_per_block", [1, 2, 3])
def test_findings_do_not_depend_on_blocks_or_row_order(rows_per_block):
    tables = (TRAIN, VALIDATION, TEST, TAGS)
    shuffled = (part.sample(frac=1, random_state=1) for part in tables)
    assert audited(*shuffled, rows_per_block=rows_per_block) == audited(*tables)


def test_text_ids_with_an_empty_first_block_or_without_tags():
    ids = {"user_id": "str", "item_id": "str"}
    parts = [part.astype(ids) for part in (TRAIN, VALIDATION, TEST)]
    in_blocks = leakage(*([part[:0], part] for part in parts), TAGS.astype(ids))
    assert counts(in_blocks) == counts(audited(TRAIN, VALIDATION, TEST, TAGS))
    without_tags = audited(*parts, TAGS.iloc[:0].astype(ids))
    assert without_tags["tags_after_training_of_author"]["denominator"] == 0
    assert without_tags["test_item_cold"]["numerator"] == 1
